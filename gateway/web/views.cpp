#include "web/views.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "web/display.hpp"
#include "web/layout.hpp"
#include "web/templates.hpp"

namespace postern::web {
namespace {

mustache::data tenant_data(const TenantChoice& tenant) {
  mustache::data data;
  data.set("tenant_handle", tenant.handle);
  data.set("tenant_name", display_text(tenant.name.empty() ? tenant.handle : tenant.name));
  set_text(data, "role", display_text(tenant.role));
  return data;
}

void set_tenants(mustache::data& data, const std::vector<TenantChoice>& tenants) {
  if (tenants.size() == 1) {
    data.set("only_tenant", tenant_data(tenants.front()));
    return;
  }
  mustache::data list(mustache::data::type::list);
  for (const auto& tenant : tenants) list.push_back(tenant_data(tenant));
  data.set("picker", mustache::data("tenants", list));
}

void set_providers(mustache::data& data, const std::vector<ProviderChoice>& providers) {
  mustache::data list(mustache::data::type::list);
  for (const auto& provider : providers) {
    mustache::data choice;
    choice.set("name", provider.name);
    choice.set("label", display_text(provider.label));
    list.push_back(choice);
  }
  if (!providers.empty()) data.set("elsewhere", mustache::data("providers", list));
}

bool holds(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

}  // namespace

std::string render_login(const LoginView& view) {
  mustache::data data;
  set_text(data, "lead", view.lead);
  set_text(data, "alert", view.alert);
  set_text(data, "continue_to", view.continue_to);
  data.set("username", view.username);
  data.set("username_known", !view.username.empty());
  data.set("form_token", view.form_token);
  data.set("with_password", view.with_password);
  set_text(data, "app", display_text(view.app));
  set_text(data, "resource", display_text(view.resource));
  data.set("destination", display_text(view.destination, kLongText));
  set_text(data, "error", view.error);
  set_providers(data, view.providers);
  set_text(data, "back", view.back);
  return page(view.alert.empty() ? "Sign in" : "Sign in: try again", templates::login, data);
}

std::string render_consent(const ConsentView& view) {
  mustache::data data;
  data.set("action", view.action);
  data.set("flow", view.flow);
  data.set("client", display_text(view.client));
  data.set("client_short", display_text(view.client, kHeadingText));
  data.set("client_standing", view.client_standing);
  data.set("resource", display_text(view.resource));
  set_account(data, view.account);
  data.set("switch_account", view.switch_account);
  data.set("destination", display_text(view.destination, kLongText));
  set_text(data, "warning", view.warning);
  set_tenants(data, view.tenants);
  mustache::data scopes(mustache::data::type::list);
  for (const auto& [name, text] : view.scopes) {
    mustache::data scope;
    scope.set("name", name);
    scope.set("text", text.empty() ? name : text);
    const bool missing = holds(view.missing, name);
    scope.set("missing", missing);
    scope.set("held", !missing && holds(view.offered, name));
    scopes.push_back(scope);
  }
  data.set("scopes", scopes);
  data.set("limited_by_role", view.limited_by_role);
  return page("Allow " + display_text(view.client, kHeadingText) + "?", templates::consent, data, view.reference);
}

std::string render_refused(const RefusedView& view) {
  mustache::data data;
  data.set("heading", view.title);
  data.set("text", view.text);
  if (!view.account.name.empty()) {
    data.set("facts", true);
    set_account(data, view.account);
  }
  data.set("action", view.action);
  set_text(data, "flow", view.flow);
  data.set("decision", std::string(view.decision));
  set_text(data, "switch_account", view.switch_account);
  if (!view.ways.again.empty() || !view.ways.app.empty()) {
    data.set("ways", true);
    set_text(data, "again", view.ways.again);
    set_text(data, "app", view.ways.app);
    set_text(data, "destination", display_text(view.ways.destination, kLongText));
  }
  return page(view.title, templates::refused, data, view.reference);
}

std::string render_fault(const FaultView& view) {
  mustache::data data;
  data.set("client", display_text(view.client));
  data.set("client_standing", view.client_standing);
  data.set("destination", display_text(view.destination, kLongText));
  data.set("error", view.error);
  data.set("description", view.description);
  data.set("sign_in", view.sign_in);
  data.set("comes_back", view.comes_back);
  return page("Request refused", templates::fault, data, view.reference);
}

std::string render_account(const Account& account) {
  mustache::data data;
  set_account(data, account);
  return page("Signed in", templates::account, data);
}

std::string render_logout(const Account& account, std::string_view form_token) {
  mustache::data data;
  set_account(data, account);
  data.set("form_token", std::string(form_token));
  return page("Sign out", templates::logout, data);
}

const std::string& style_source() {
  static const std::string source = "'sha256-" + base64_encode(crypto::sha256_string(templates::style)) + "'";
  return source;
}

}  // namespace postern::web
