#include <algorithm>
#include <tuple>
#include <utility>

#include "base/strings.hpp"
#include "web/account/account.hpp"
#include "web/account/endpoint_state.hpp"
#include "web/account/snippets.hpp"
#include "web/display.hpp"
#include "web/response.hpp"

namespace postern::web {
namespace {

constexpr std::string_view kForm = "endpoints";
constexpr std::size_t kMostShown = 100;

// What there is to know of the user's connections.
struct Connections {
  std::vector<store::Grant> grants;  // newest first
  std::map<std::string, store::ToolCheck> checks;
};

Result<Connections> connections_of(std::string_view user, const PageContext& context) {
  auto grants = living_grants(user, store::GrantKind::authorization_code, context);
  if (!grants) return grants.error();
  auto checks = context.oauth.store.usage().checks_of(user);
  if (!checks) return checks.error();
  return Connections{*std::move(grants), *std::move(checks)};
}

EndpointView endpoint_of(const Reachable& at, const Connections& connections) {
  const auto& resource = *at.resource;
  const auto& tenant = at.membership.tenant;
  EndpointView view;
  view.resource = resource.name;
  view.urls = at.urls;
  view.shared = resource.fixed_tenant.empty();
  view.authorization_server = resource.server->issuer;
  view.scopes = join(resource.policy->default_scopes(), " ");
  view.manual_tokens = resource.manual_tokens;
  view.snippets = snippets_for(snippet_name(tenant.handle, resource.name), at.urls.front());
  const auto newest = std::ranges::find_if(connections.grants, [&](const store::Grant& grant) {
    return grant.resource == resource.canonical && grant.tenant == tenant.handle;
  });
  if (newest == connections.grants.end()) {
    std::tie(view.state, view.detail) = state_without_grant();
    return view;
  }
  const policy::Caller caller{resource.policy->grantable(newest->scopes, at.membership.role), at.membership.role,
                              tenant.plan, newest->narrowed};
  const auto check = connections.checks.find(newest->id);
  std::tie(view.state, view.detail) = state_of(*newest, check == connections.checks.end() ? nullptr : &check->second,
                                               resource.policy->decide_connect(caller));
  view.grant = newest->id;
  return view;
}

http::Response show(const Session& session, std::string notice, const http::Request& request,
                    const PageContext& context) {
  const auto all = reachable(session.user.key, kMostShown + 1, context);
  if (!all) return store_away(all.error(), request, context.oauth);
  const auto connections = connections_of(session.user.key, context);
  if (!connections) return store_away(connections.error(), request, context.oauth);
  EndpointsView view;
  view.head = head_of(session, AccountPlace::endpoints, std::move(notice));
  view.form_token = form_token(kForm, session.browser, session.user.key, context);
  view.more = all->size() > kMostShown;
  for (std::size_t i = 0; i < std::min(all->size(), kMostShown); ++i) {
    const auto& [tenant, role] = (*all)[i].membership;
    if (view.tenants.empty() || view.tenants.back().handle != tenant.handle) {
      view.tenants.push_back({tenant.name, tenant.handle, role, {}});
    }
    view.tenants.back().endpoints.push_back(endpoint_of((*all)[i], *connections));
  }
  return page_response(200, render_endpoints(view), kOwnForms, context.oauth.secure());
}

http::Response check_again(const Session& session, const http::Request& request, const PageContext& context) {
  const auto form = account_form(request, kForm, session, context);
  if (!form) return form.error();
  const auto grant =
      own_grant(form->get_or_empty("grant"), session.user.key, store::GrantKind::authorization_code, context);
  if (!grant) return store_away(grant.error(), request, context.oauth);
  if (!*grant || (*grant)->revoked_at) {
    return refuse(404, "Nothing was checked", "There is no such connection among yours. Open the page again.", request,
                  context.oauth);
  }
  context.oauth.check_tools_of((*grant)->id);
  return show(session, "Asked for. Open this page again in a moment to see what came of it.", request, context);
}

}  // namespace

http::Response account_endpoints(const http::Request& request, const PageContext& context) {
  const auto session = require_session(request, context);
  if (!session) return session.error();
  if (request.method == "POST") return check_again(*session, request, context);
  return show(*session, {}, request, context);
}

}  // namespace postern::web
