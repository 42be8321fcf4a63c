#include <algorithm>
#include <utility>

#include "oauth/grants/issue.hpp"
#include "web/account/account.hpp"
#include "web/display.hpp"
#include "web/response.hpp"

namespace postern::web {
namespace {

constexpr std::string_view kForm = "connected apps";
constexpr std::size_t kMostShown = 200;
constexpr auto kCountedFor = std::chrono::days(29);  // and today

Result<std::vector<AppView>> apps_of(const std::vector<store::Grant>& grants, std::string_view user,
                                     const PageContext& context) {
  const Time today = std::chrono::floor<std::chrono::days>(context.oauth.clock.now());
  const auto calls = context.oauth.store.usage().calls_of(user, today - kCountedFor);
  if (!calls) return calls.error();
  Names names(context);
  std::vector<AppView> apps;
  for (const auto& grant : grants) {
    if (apps.size() == kMostShown) break;
    auto client = names.client(grant.client);
    if (!client) return client.error();
    auto facts = names.facts(grant);
    if (!facts) return facts.error();
    const auto counted = calls->find(grant.id);
    apps.push_back({std::move(client->first), std::move(client->second), counted == calls->end() ? 0 : counted->second,
                    *std::move(facts)});
  }
  return apps;
}

http::Response show(const Session& session, std::string notice, const http::Request& request,
                    const PageContext& context) {
  const auto grants = living_grants(session.user.key, store::GrantKind::authorization_code, context);
  if (!grants) return store_away(grants.error(), request, context.oauth);
  auto apps = apps_of(*grants, session.user.key, context);
  if (!apps) return store_away(apps.error(), request, context.oauth);
  AppsView view;
  view.head = head_of(session, AccountPlace::apps, std::move(notice));
  view.form_token = form_token(kForm, session.browser, session.user.key, context);
  view.more = grants->size() - apps->size();
  view.apps = *std::move(apps);
  return page_response(200, render_apps(view), kOwnForms, context.oauth.secure());
}

// Revoking what is revoked already changes nothing, so that a page that is loaded again says the same.
http::Response revoke(const Session& session, const http::Request& request, const PageContext& context) {
  const auto form = account_form(request, kForm, session, context);
  if (!form) return form.error();
  const auto grant =
      own_grant(form->get_or_empty("grant"), session.user.key, store::GrantKind::authorization_code, context);
  if (!grant) return store_away(grant.error(), request, context.oauth);
  if (!*grant) {
    return refuse(404, "Nothing was revoked", "There is no such app among yours. Open the page again.", request,
                  context.oauth);
  }
  const auto client = Names(context).client((*grant)->client);
  if (!client) return store_away(client.error(), request, context.oauth);
  if (!(*grant)->revoked_at) {
    const auto fault = oauth::end_grant(**grant, "user_revoked", context.oauth.clock.now(), context.oauth);
    if (fault) return store_away(*fault, request, context.oauth);
  }
  return show(session, display_text(client->first, kHeadingText) + " was disconnected.", request, context);
}

}  // namespace

http::Response account_apps(const http::Request& request, const PageContext& context) {
  const auto session = require_session(request, context);
  if (!session) return session.error();
  if (request.method == "POST") return revoke(*session, request, context);
  return show(*session, {}, request, context);
}

}  // namespace postern::web
