#include "web/account/account_views.hpp"

#include "web/display.hpp"
#include "web/layout.hpp"
#include "web/templates.hpp"

namespace postern::web {
namespace {

std::string nav(const AccountHead& head) {
  mustache::data data;
  set_account(data, head.account);
  data.set("on_apps", head.place == AccountPlace::apps);
  data.set("on_endpoints", head.place == AccountPlace::endpoints);
  data.set("on_tokens", head.place == AccountPlace::tokens);
  set_text(data, "notice", head.notice);
  return fill(templates::nav, data);
}

mustache::data scope_list(const std::vector<std::pair<std::string, std::string>>& scopes) {
  mustache::data list(mustache::data::type::list);
  for (const auto& [name, text] : scopes) {
    mustache::data scope;
    scope.set("name", name);
    scope.set("text", text);
    list.push_back(scope);
  }
  return list;
}

mustache::data facts_data(const GrantFacts& facts, const std::string& form_token) {
  mustache::data data;
  data.set("form_token", form_token);
  data.set("grant", facts.grant);
  data.set("tenant_name", display_text(facts.tenant_name));
  data.set("tenant_handle", facts.tenant_handle);
  data.set("resource", display_text(facts.resource));
  data.set("url", facts.url);
  data.set("scopes", scope_list(facts.scopes));
  data.set("facts", fill(templates::facts, data));
  data.set("since", display_time(facts.since));
  data.set("expires", display_time(facts.expires));
  data.set("last_used", facts.last_used ? display_time(*facts.last_used) : "never");
  return data;
}

mustache::data form_data(const TokenForm& form, const std::string& form_token) {
  mustache::data data;
  data.set("form_token", form_token);
  set_text(data, "alert", form.alert);
  data.set("once", form.once);
  data.set("resource", display_text(form.resource));
  data.set("canonical", form.canonical);
  data.set("url", form.url);
  data.set("tenant_name", display_text(form.tenant_name));
  data.set("tenant_handle", form.tenant_handle);
  data.set("name", form.name);
  mustache::data abilities(mustache::data::type::list);
  for (const auto& [scope, text, chosen] : form.abilities) {
    mustache::data ability;
    ability.set("scope", scope);
    ability.set("text", text);
    ability.set("chosen", chosen);
    abilities.push_back(ability);
  }
  data.set("abilities", abilities);
  mustache::data lifetimes(mustache::data::type::list);
  for (const auto& [days, chosen] : form.lifetimes) {
    mustache::data lifetime;
    lifetime.set("days", std::to_string(days));
    lifetime.set("days_text", days == 1 ? "1 day" : std::to_string(days) + " days");
    lifetime.set("chosen", chosen);
    lifetimes.push_back(lifetime);
  }
  data.set("lifetimes", lifetimes);
  return data;
}

mustache::data made_data(const NewToken& made) {
  mustache::data data;
  data.set("value", made.value);
  data.set("token_name", display_text(made.name));
  data.set("url", made.url);
  data.set("tenant_handle", made.tenant_handle);
  return data;
}

mustache::data place_list(const std::vector<TokenPlace>& places) {
  mustache::data list(mustache::data::type::list);
  for (const auto& [label, href] : places) {
    mustache::data place;
    place.set("label", display_text(label, kLongText));
    place.set("href", href);
    list.push_back(place);
  }
  return {"places", list};
}

// The label, and the class that colours it.
std::pair<const char*, const char*> words_for(EndpointState state) {
  switch (state) {
    case EndpointState::never: return {"Never connected", "idle"};
    case EndpointState::waiting: return {"Waiting", "idle"};
    case EndpointState::connected: return {"Connected", "good"};
    case EndpointState::upstream_down: return {"Upstream down", "bad"};
    case EndpointState::scope_missing: return {"Scope missing", "caution"};
  }
  return {"", ""};
}

mustache::data endpoint_data(const EndpointView& endpoint, const std::string& form_token) {
  mustache::data data;
  data.set("resource", display_text(endpoint.resource));
  data.set("url", endpoint.urls.front());
  mustache::data others(mustache::data::type::list);
  for (std::size_t i = 1; i < endpoint.urls.size(); ++i) others.push_back(endpoint.urls[i]);
  if (endpoint.urls.size() > 1) data.set("others", mustache::data("urls", others));
  data.set("shared", endpoint.shared);
  data.set("authorization_server", endpoint.authorization_server);
  set_text(data, "scopes", endpoint.scopes);
  data.set("manual_tokens", endpoint.manual_tokens);
  const auto [label, colour] = words_for(endpoint.state);
  data.set("state", label);
  data.set("colour", colour);
  data.set("detail", endpoint.detail);
  data.set("form_token", form_token);
  set_text(data, "grant", endpoint.grant);
  mustache::data snippets(mustache::data::type::list);
  for (const auto& [client, steps, text] : endpoint.snippets) {
    mustache::data snippet;
    snippet.set("client", client);
    snippet.set("steps", steps);
    snippet.set("text", text);
    snippets.push_back(snippet);
  }
  data.set("snippets", snippets);
  return data;
}

}  // namespace

std::string render_apps(const AppsView& view) {
  mustache::data data;
  data.set("nav", nav(view.head));
  mustache::data list(mustache::data::type::list);
  for (const auto& app : view.apps) {
    auto entry = facts_data(app.facts, view.form_token);
    entry.set("client", display_text(app.client));
    entry.set("client_standing", app.client_standing);
    entry.set("calls", std::to_string(app.calls));
    list.push_back(entry);
  }
  data.set("apps", list);
  data.set("any", !view.apps.empty());
  if (view.more > 0) data.set("more", std::to_string(view.more));
  return page("Connected apps", templates::apps, data, {}, true);
}

std::string render_tokens(const TokensView& view) {
  mustache::data data;
  data.set("nav", nav(view.head));
  if (view.made) data.set("made", made_data(*view.made));
  if (view.form) data.set("form", form_data(*view.form, view.form_token));
  if (!view.places.empty()) data.set("choose", place_list(view.places));
  data.set("nowhere", view.nowhere);
  mustache::data list(mustache::data::type::list);
  for (const auto& token : view.tokens) {
    auto entry = facts_data(token.facts, view.form_token);
    entry.set("token_name", token.name.empty() ? "Without a name" : display_text(token.name));
    list.push_back(entry);
  }
  data.set("tokens", list);
  data.set("any", !view.tokens.empty());
  data.set("none_yet", view.tokens.empty() && !view.nowhere);
  return page("Tokens made by hand", templates::tokens, data, {}, true);
}

std::string render_endpoints(const EndpointsView& view) {
  mustache::data data;
  data.set("nav", nav(view.head));
  mustache::data tenants(mustache::data::type::list);
  for (const auto& tenant : view.tenants) {
    mustache::data entry;
    entry.set("tenant_name", display_text(tenant.name.empty() ? tenant.handle : tenant.name));
    entry.set("tenant_handle", tenant.handle);
    set_text(entry, "role", display_text(tenant.role));
    mustache::data endpoints(mustache::data::type::list);
    for (const auto& endpoint : tenant.endpoints) {
      auto shown = endpoint_data(endpoint, view.form_token);
      shown.set("tenant_name", display_text(tenant.name.empty() ? tenant.handle : tenant.name));
      endpoints.push_back(shown);
    }
    entry.set("endpoints", endpoints);
    tenants.push_back(entry);
  }
  data.set("tenants", tenants);
  data.set("any", !view.tenants.empty());
  data.set("more", view.more);
  return page("Endpoints", templates::endpoints, data, {}, true);
}

}  // namespace postern::web
