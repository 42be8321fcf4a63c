#include "web/consent.hpp"

#include <algorithm>
#include <vector>

#include "http/form.hpp"
#include "web/display.hpp"
#include "web/response.hpp"
#include "web/views.hpp"

namespace postern::web {
namespace {

// A tenant the user may bind the connection to, and what would be granted there.
struct Offer {
  tenant::Membership membership;
  std::vector<std::string> scopes;  // all that it comes to
};

Result<std::vector<tenant::Membership>> memberships(const tenant::Resource& resource, std::string_view user,
                                                    const PageContext& context) {
  const auto& directory = context.oauth.directory;
  if (resource.fixed_tenant.empty()) return directory.memberships(user);
  auto found = directory.membership(user, resource.fixed_tenant);
  if (!found) return found.error();
  std::vector<tenant::Membership> only;
  if (*found) only.push_back(std::move(**found));
  return only;
}

Result<std::vector<Offer>> offers(const oauth::Consent& consent, const tenant::Resource& resource,
                                  const PageContext& context) {
  auto members = memberships(resource, consent.user, context);
  if (!members) return members.error();
  std::vector<Offer> found;
  for (auto& membership : *members) {
    if (!resource.policy->includes_plan(membership.tenant.plan)) continue;
    auto granted = oauth::grantable_scopes(consent, membership.role, context.oauth);
    if (granted.empty()) continue;
    auto reach =
        resource.policy->reach({std::move(granted), membership.role, membership.tenant.plan, consent.narrowed});
    found.push_back({std::move(membership), std::move(reach)});
  }
  return found;
}

// Every scope that some offer grants, in the policy's order, with its text.
std::vector<std::pair<std::string, std::string>> scope_texts(const tenant::Resource& resource,
                                                             const std::vector<Offer>& offers) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& [name, text] : resource.policy->scopes()) {
    const bool granted = std::ranges::any_of(offers, [&scope = name](const Offer& offer) {
      return std::ranges::find(offer.scopes, scope) != offer.scopes.end();
    });
    if (granted) texts.emplace_back(name, text);
  }
  return texts;
}

std::string switch_account_path(const std::string& own_request) {
  return "/login?continue=" + http::percent_encode(own_request);
}

http::Response not_allowed(const Session& session, const std::string& flow, const std::string& resource,
                           const std::string& own_request, const http::Request& request, const PageContext& context) {
  RefusedView view;
  view.title = "Authorization failed";
  view.text = "This account may not use " + (resource.empty() ? "this service" : display_text(resource)) +
              ". Sign in with an account that is a member, or ask an administrator to add this one.";
  view.reference = request.request_id;
  view.account = {session.user.name, session.user.email};
  view.action = context.oauth.server.endpoints.authorize;
  view.flow = flow;
  view.switch_account = own_request.empty() ? "/login?continue=/login" : switch_account_path(own_request);
  return page_response(403, render_refused(view), kAnyForms, context.oauth.secure());
}

http::Response undecided(const Error& error, const Session& session, const std::string& flow,
                         const http::Request& request, const PageContext& context) {
  constexpr std::string_view title = "Nothing was approved";
  switch (error.code) {
    case Errc::conflict:
      return refuse(403, "Answered before", "This page was answered before. Connect again from the app.", request,
                    context.oauth);
    case Errc::expired:
      return refuse(403, title, "This page was open for too long. Connect again from the app.", request, context.oauth);
    case Errc::denied: return not_allowed(session, flow, {}, {}, request, context);
    case Errc::invalid:
    case Errc::not_found:
      return refuse(400, title, "The app or the service is no longer there. Connect again from the app.", request,
                    context.oauth);
    default: return store_away(error, request, context.oauth);
  }
}

}  // namespace

http::Response show_consent(const oauth::AuthorizationRequest& asked, const Session& session,
                            const std::string& own_request, const http::Request& request, const PageContext& context) {
  const oauth::Consent consent = oauth::make_consent(asked, session.hash, session.user.key, context.oauth);
  const auto found = offers(consent, *asked.resource, context);
  if (!found) return store_away(found.error(), request, context.oauth);
  const std::string flow = oauth::seal_consent(consent, context.oauth);
  if (found->empty()) return not_allowed(session, flow, asked.resource->name, own_request, request, context);

  const Destination destination = destination_of(asked.redirect_uri);
  ConsentView view;
  view.action = context.oauth.server.endpoints.authorize;
  view.flow = flow;
  view.client = asked.client.name.empty() ? asked.client.id : asked.client.name;
  view.client_standing = client_standing(asked.client);
  view.resource = asked.resource->name;
  view.account = {session.user.name, session.user.email};
  view.switch_account = switch_account_path(own_request);
  view.destination = destination.text;
  view.warning = destination.warning;
  view.scopes = scope_texts(*asked.resource, *found);
  for (const auto& [membership, scopes] : *found) {
    view.tenants.push_back({membership.tenant.handle, membership.tenant.name, membership.role});
    view.limited_by_role = view.limited_by_role || scopes.size() < view.scopes.size();
  }
  view.reference = request.request_id;
  return page_response(200, render_consent(view), destination.form_action, context.oauth.secure());
}

http::Response decide(const http::Request& request, const PageContext& context) {
  const auto form = own_form(request, context);
  if (!form) return form.error();
  const auto session = find_session(request, context);
  if (!session) return store_away(session.error(), request, context.oauth);
  if (!*session) {
    return refuse(403, "You are signed out", "Connect again from the app and sign in.", request, context.oauth);
  }
  const std::string flow = form->get_or_empty("flow");
  const auto consent = oauth::open_consent(flow, (*session)->hash, (*session)->user.key, context.oauth);
  if (!consent && consent.error().code == Errc::denied) {
    return refuse(403, "Nothing was approved", "This page was made for another browser or another sign-in.", request,
                  context.oauth);
  }
  if (!consent) return undecided(consent.error(), **session, flow, request, context);

  const auto decision = form->get("decision").value_or("");
  const std::string tenant = form->get_or_empty("tenant");
  if (decision != "approve" && decision != "deny") {
    return refuse(400, "No decision", "Go back and choose Approve or Deny.", request, context.oauth);
  }
  if (decision == "approve" && tenant.empty()) {
    return refuse(400, "No organisation chosen", "Go back and choose an organisation.", request, context.oauth);
  }
  const auto location =
      decision == "approve" ? oauth::approve(*consent, tenant, context.oauth) : oauth::deny(*consent, context.oauth);
  if (!location) return undecided(location.error(), **session, flow, request, context);
  return see_other(*location, context.oauth.secure());
}

}  // namespace postern::web
