#include <algorithm>
#include <array>
#include <utility>

#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "http/form.hpp"
#include "oauth/clients/display_name.hpp"
#include "oauth/endpoints/endpoints.hpp"
#include "oauth/grants/issue.hpp"
#include "web/account/account.hpp"
#include "web/display.hpp"
#include "web/response.hpp"

// Tokens made by hand. Each member makes them for themselves, within what their role may hold: such a token reaches
// nothing that an app they connect would not reach, and nothing but what was chosen, whatever the policy's scope_mode.
namespace postern::web {
namespace {

constexpr std::string_view kForm = "tokens made by hand";
constexpr std::string_view kAbility = "may:";
constexpr std::array<int, 5> kLifetimes{1, 7, 30, 90, 365};  // days
constexpr int kUsualLifetime = 90;
constexpr std::size_t kLongestName = 80;  // bytes
constexpr std::size_t kMostTokens = 50;
constexpr std::size_t kMostPlaces = 100;
constexpr std::size_t kMostLookedAt = 1000;

// Where the user may make a token, and all that it could hold there.
struct Place {
  Reachable at;
  std::vector<std::string> scopes;
};

std::vector<Place> places_among(std::vector<Reachable> all) {
  std::vector<Place> places;
  for (auto& each : all) {
    if (!each.resource->manual_tokens) continue;
    const auto& policy = *each.resource->policy;
    std::vector<std::string> every;
    for (const auto& [scope, text] : policy.scopes()) every.push_back(scope);
    auto scopes = policy.grantable(every, each.membership.role);
    if (!scopes.empty()) places.push_back({std::move(each), std::move(scopes)});
  }
  return places;
}

Result<std::vector<Place>> places_of(const Session& session, const PageContext& context) {
  auto all = reachable(session.user.key, kMostLookedAt, context);
  if (!all) return all.error();
  return places_among(*std::move(all));
}

// Where that tenant is not among those that the page has links to, it is looked for by itself.
Result<std::optional<Place>> place_at(std::string_view resource, std::string_view tenant, const Session& session,
                                      const PageContext& context) {
  auto all = reachable_in(tenant, session.user.key, context);
  if (!all) return all.error();
  for (auto& place : places_among(*std::move(all))) {
    if (place.at.resource->canonical == resource) return std::optional(std::move(place));
  }
  return std::optional<Place>();
}

// What was chosen, and what is wrong with it: a sentence, or nothing.
struct Wish {
  std::string name;
  std::vector<std::string> scopes;
  int days = kUsualLifetime;
  std::string alert{};
};

TokenForm form_for(const Place& place, const Wish& wish) {
  TokenForm form;
  form.alert = wish.alert;
  form.once = crypto::random_token(16);
  form.resource = place.at.resource->name;
  form.canonical = place.at.resource->canonical;
  form.url = place.at.urls.front();
  form.tenant_name = place.at.membership.tenant.name;
  form.tenant_handle = place.at.membership.tenant.handle;
  if (form.tenant_name.empty()) form.tenant_name = form.tenant_handle;
  form.name = wish.name;
  for (const auto& [scope, text] : place.at.resource->policy->scopes()) {
    if (std::ranges::find(place.scopes, scope) == place.scopes.end()) continue;
    form.abilities.push_back({scope, text, std::ranges::find(wish.scopes, scope) != wish.scopes.end()});
  }
  for (const int days : kLifetimes) form.lifetimes.push_back({days, days == wish.days});
  return form;
}

std::vector<TokenPlace> links_to(const std::vector<Place>& places) {
  std::vector<TokenPlace> links;
  for (const auto& place : places) {
    if (links.size() == kMostPlaces) break;
    const auto& tenant = place.at.membership.tenant;
    const auto query = http::encode_form({{"resource", place.at.resource->canonical}, {"tenant", tenant.handle}});
    links.push_back({place.at.resource->name + " of " + (tenant.name.empty() ? tenant.handle : tenant.name),
                     "/account/tokens?" + query});
  }
  return links;
}

TokenForm unfilled_form(const Place& place) {
  Wish wish;
  wish.scopes = place.at.resource->policy->default_scopes();
  return form_for(place, wish);
}

// Where there is nothing to choose, the form stands on every page that does not show a new token.
std::optional<TokenForm> form_of_only_place(const std::vector<Place>& places) {
  return places.size() == 1 ? std::optional(unfilled_form(places.front())) : std::nullopt;
}

struct Shown {
  int status = 200;
  std::string notice{};
  std::optional<NewToken> made{};
  std::optional<TokenForm> form{};
};

http::Response show(const Session& session, const std::vector<Place>& places, Shown shown, const http::Request& request,
                    const PageContext& context) {
  const auto grants = living_grants(session.user.key, store::GrantKind::minted, context);
  if (!grants) return store_away(grants.error(), request, context.oauth);
  TokensView view;
  Names names(context);
  for (const auto& grant : *grants) {
    auto facts = names.facts(grant);
    if (!facts) return store_away(facts.error(), request, context.oauth);
    view.tokens.push_back({grant.name, *std::move(facts)});
  }
  view.head = head_of(session, AccountPlace::tokens, std::move(shown.notice));
  view.form_token = form_token(kForm, session.browser, session.user.key, context);
  view.made = std::move(shown.made);
  view.form = std::move(shown.form);
  if (!view.form && !view.made) view.form = form_of_only_place(places);
  view.nowhere = places.empty() && !view.form && !view.made;
  if (places.size() > 1) view.places = links_to(places);
  return page_response(shown.status, render_tokens(view), kOwnForms, context.oauth.secure());
}

http::Response open(const Session& session, const http::Request& request, const PageContext& context) {
  const auto places = places_of(session, context);
  if (!places) return store_away(places.error(), request, context.oauth);
  const auto query = http::Form::parse(request.query);
  Shown shown;
  if (query && query->get("resource")) {
    const auto asked = place_at(query->get_or_empty("resource"), query->get_or_empty("tenant"), session, context);
    if (!asked) return store_away(asked.error(), request, context.oauth);
    if (!*asked) return refuse(404, "Nothing here", "You can make no tokens for this.", request, context.oauth);
    shown.form = unfilled_form(**asked);
  }
  return show(session, *places, std::move(shown), request, context);
}

Wish read_wish(const http::Form& form) {
  Wish wish;
  wish.name = std::string(trim(form.get_or_empty("name")));
  std::uint64_t days = 0;
  wish.days = parse_uint(form.get_or_empty("days"), days) && days <= 365 ? static_cast<int>(days) : 0;
  for (const auto& [name, value] : form.pairs()) {
    if (name.starts_with(kAbility)) wish.scopes.push_back(name.substr(kAbility.size()));
  }
  return wish;
}

// The first thing that is wrong; empty: nothing.
std::string fault_of(const Wish& wish, const Place& place) {
  if (wish.name.empty()) return "Give the token a name, so that you know it again.";
  if (wish.name.size() > kLongestName) return "The name is too long.";
  if (const auto fault = oauth::display_name_fault(wish.name)) return "The name " + *fault;
  if (std::ranges::find(kLifetimes, wish.days) == kLifetimes.end()) return "Choose how long the token is good for.";
  if (wish.scopes.empty()) return "Choose what the token may do.";
  for (const auto& scope : wish.scopes) {
    if (std::ranges::find(place.scopes, scope) == place.scopes.end()) return "Choose of what you may do yourself.";
  }
  // A token that does not hold what every request needs would be good for nothing.
  const auto& membership = place.at.membership;
  const auto decision =
      place.at.resource->policy->decide_connect({wish.scopes, membership.role, membership.tenant.plan});
  if (decision.verdict != policy::Verdict::step_up) return {};
  return "Choose also what every request needs: " + join(decision.needed, ", ") + ".";
}

oauth::Context of_server(const config::AuthorizationServer& server, const oauth::Context& context) {
  return {server,        context.catalog, context.directory, context.store,    context.seal,
          context.clock, context.log,     context.keys,      context.documents};
}

Result<NewToken> mint(const Wish& wish, const Place& place, const Session& session, const PageContext& context) {
  const auto& resource = *place.at.resource;
  store::Grant grant;
  grant.user = session.user.key;
  grant.tenant = place.at.membership.tenant.handle;
  grant.resource = resource.url;
  grant.scopes = wish.scopes;
  grant.name = wish.name;
  grant.narrowed = true;
  auto value = oauth::mint_token(grant, std::chrono::days(wish.days), of_server(*resource.server, context.oauth));
  if (!value) return value.error();
  return NewToken{*std::move(value), wish.name, place.at.urls.front(), grant.tenant};
}

// Sent twice, a form makes one token: the second one would be known to nobody.
Result<void> use_once(const http::Form& form, const Session& session, const PageContext& context) {
  const auto once =
      crypto::sha256_string("token form " + session.user.key + std::string(1, '\0') + form.get_or_empty("once"));
  return context.oauth.store.clients().use_once(once, context.oauth.clock.now() + context.session_lifetime);
}

http::Response make(const http::Form& form, const Session& session, const http::Request& request,
                    const PageContext& context) {
  const auto places = places_of(session, context);
  if (!places) return store_away(places.error(), request, context.oauth);
  const auto place = place_at(form.get_or_empty("resource"), form.get_or_empty("tenant"), session, context);
  if (!place) return store_away(place.error(), request, context.oauth);
  if (!*place) {
    return refuse(404, "Nothing was made", "You can make no tokens for this.", request, context.oauth);
  }
  const auto living = living_grants(session.user.key, store::GrantKind::minted, context);
  if (!living) return store_away(living.error(), request, context.oauth);
  auto wish = read_wish(form);
  wish.alert = fault_of(wish, **place);
  if (wish.alert.empty() && living->size() >= kMostTokens) {
    wish.alert = "You have as many tokens as one may have. Revoke one that is not needed.";
  }
  Shown shown;
  if (!wish.alert.empty()) {
    shown.status = 400;
    shown.form = form_for(**place, wish);
    return show(session, *places, std::move(shown), request, context);
  }
  if (const auto first = use_once(form, session, context); !first) {
    if (first.error().code != Errc::conflict) return store_away(first.error(), request, context.oauth);
    return refuse(403, "Made before", "This form has made its token. Open the page again to make another.", request,
                  context.oauth);
  }
  auto made = mint(wish, **place, session, context);
  if (!made && made.error().code == Errc::denied) {
    return refuse(403, "Nothing was made", "You may no longer make this token.", request, context.oauth);
  }
  if (!made) return store_away(made.error(), request, context.oauth);
  shown.made = *std::move(made);
  return show(session, *places, std::move(shown), request, context);
}

http::Response revoke(const http::Form& form, const Session& session, const http::Request& request,
                      const PageContext& context) {
  const auto grant = own_grant(form.get_or_empty("grant"), session.user.key, store::GrantKind::minted, context);
  if (!grant) return store_away(grant.error(), request, context.oauth);
  if (!*grant) {
    return refuse(404, "Nothing was revoked", "There is no such token among yours. Open the page again.", request,
                  context.oauth);
  }
  if (!(*grant)->revoked_at) {
    const auto fault = oauth::end_grant(**grant, "user_revoked", context.oauth.clock.now(), context.oauth);
    if (fault) return store_away(*fault, request, context.oauth);
  }
  const auto places = places_of(session, context);
  if (!places) return store_away(places.error(), request, context.oauth);
  Shown shown;
  shown.notice = ((*grant)->name.empty() ? "The token" : display_text((*grant)->name, kHeadingText)) + " was revoked.";
  return show(session, *places, std::move(shown), request, context);
}

http::Response submit(const Session& session, const http::Request& request, const PageContext& context) {
  const auto form = account_form(request, kForm, session, context);
  if (!form) return form.error();
  const auto action = form->get_or_empty("action");
  if (action == "make") return make(*form, session, request, context);
  if (action == "revoke") return revoke(*form, session, request, context);
  return refuse(400, "Nothing was changed", "Go back and use one of the buttons.", request, context.oauth);
}

}  // namespace

http::Response account_tokens(const http::Request& request, const PageContext& context) {
  const auto session = require_session(request, context);
  if (!session) return session.error();
  if (request.method == "POST") return submit(*session, request, context);
  return open(*session, request, context);
}

}  // namespace postern::web
