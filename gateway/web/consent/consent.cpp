#include "web/consent/consent.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "http/form.hpp"
#include "web/display.hpp"
#include "web/response.hpp"
#include "web/views.hpp"

namespace postern::web {
namespace {

// What the button of approved_before() sends as `decision`.
constexpr std::string_view kReturn = "return";

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
  view.switch_account = own_request.empty() ? "/login?continue=/login" : sign_in_path(own_request);
  return page_response(403, render_refused(view), kAnyForms, context.oauth.secure());
}

// One decision, with all that was found out about it.
struct Decision {
  const http::Request& request;
  const PageContext& context;
  std::string flow;
  oauth::Consent consent;

  const oauth::Context& oauth() const { return context.oauth; }
};

http::Response refuse_decision(int status, std::string_view title, std::string_view text, const Decision& decision) {
  return refuse(status, title, text, decision.request, decision.oauth());
}

http::Response to_app(const std::string& location, const Decision& decision) {
  return see_other(location, decision.oauth().secure());
}

std::string app_is_told(const std::string& why, const Decision& decision) {
  const auto& consent = decision.consent;
  const auto state = consent.has_state ? std::optional(consent.state) : std::nullopt;
  return oauth::error_location(consent.redirect_uri, oauth::oauth_error("access_denied", why), state, decision.oauth());
}

// A second click on Approve makes the browser drop the answer to the first, and with it the code. It can be had again
// as long as the client has not fetched it, by a form of its own: what was decided once is not decided again.
http::Response approved_before(oauth::EarlierApproval state, const Decision& decision) {
  if (state == oauth::EarlierApproval::lapsed) {
    return to_app(app_is_told("The approval was not fetched in time: start again.", decision), decision);
  }
  RefusedView view;
  view.title = "Approved before";
  view.reference = decision.request.request_id;
  if (state == oauth::EarlierApproval::fetched) {
    view.text =
        "This was approved before, and the app has been told. You can close this page. What is connected is "
        "listed at /account/apps, where it can be revoked.";
  } else {
    view.text = "This was approved a moment ago. If the app does not go on by itself, go back to it.";
    view.action = decision.oauth().server.endpoints.authorize;
    view.flow = decision.flow;
    view.decision = kReturn;
  }
  const auto form_action = view.flow.empty() ? kNoForms : kAnyForms;
  return page_response(403, render_refused(view), form_action, decision.oauth().secure());
}

http::Response undecided(const Error& error, const Decision& decision) {
  constexpr std::string_view title = "Nothing was approved";
  if (error.code == Errc::invalid || error.code == Errc::not_found) {
    return refuse_decision(400, title, "The app or the service is no longer there. Connect again from the app.",
                           decision);
  }
  return store_away(error, decision.request, decision.oauth());
}

// The page was decided before.
http::Response decided_before(const Decision& decision) {
  const auto before = oauth::earlier_approval(decision.consent, decision.oauth());
  if (!before) return undecided(before.error(), decision);
  if (*before != oauth::EarlierApproval::none) return approved_before(*before, decision);
  return to_app(app_is_told("The user did not approve.", decision), decision);
}

// Nothing will come of the page: the app hears of it, so that it does not wait.
http::Response refuse_page(oauth::RefusedBy by, const std::string& why, const Decision& decision) {
  const auto location =
      oauth::refuse_consent(decision.consent, by, oauth::oauth_error("access_denied", why), decision.oauth());
  if (location) return to_app(*location, decision);
  return location.error().code == Errc::conflict ? decided_before(decision) : undecided(location.error(), decision);
}

// Whoever is not signed in any more signs in and is asked anew.
http::Response ask_again(const Decision& decision) {
  const auto& endpoint = decision.oauth().server.endpoints.authorize;
  const auto own_request = endpoint + "?" + http::encode_form(oauth::request_of(decision.consent));
  const auto location = sign_in_path(own_request);
  if (location.size() > kLongestLocation)
    return refuse_page(oauth::RefusedBy::gateway, "The user is not signed in any more.", decision);
  return see_other(location, decision.oauth().secure());
}

// Why nobody who is signed in can decide on the page; nullopt: that user can.
std::optional<http::Response> undecidable(const std::optional<Session>& session, const Decision& decision) {
  if (decision.consent.expires_at <= decision.oauth().clock.now()) {
    return refuse_page(oauth::RefusedBy::gateway, "The consent page was open for too long: start again.", decision);
  }
  if (!session) return ask_again(decision);
  if (session->user.key == decision.consent.user) return std::nullopt;
  return refuse_page(oauth::RefusedBy::gateway, "Another user has signed in meanwhile: start again.", decision);
}

http::Response approve(const std::string& tenant, const Session& session, const Decision& decision) {
  if (tenant.empty()) {
    return refuse_decision(400, "No organisation chosen", "Go back and choose an organisation.", decision);
  }
  const auto location = oauth::approve(decision.consent, tenant, decision.oauth());
  if (location) return to_app(*location, decision);
  switch (location.error().code) {
    case Errc::conflict: return decided_before(decision);
    case Errc::denied: return not_allowed(session, decision.flow, {}, {}, decision.request, decision.context);
    default: return undecided(location.error(), decision);
  }
}

// The way back to the app from the page that says that it was approved before.
http::Response return_to_app(const Decision& decision) {
  const auto before = oauth::earlier_approval(decision.consent, decision.oauth());
  if (!before) return undecided(before.error(), decision);
  if (*before == oauth::EarlierApproval::none)
    return refuse_page(oauth::RefusedBy::user, "The user did not approve.", decision);
  if (*before != oauth::EarlierApproval::waiting) return approved_before(*before, decision);
  return to_app(oauth::approval_location(decision.consent, decision.oauth()), decision);
}

}  // namespace

http::Response show_consent(oauth::AuthorizationRequest asked, const Session& session, const std::string& own_request,
                            const http::Request& request, const PageContext& context) {
  if (const auto looked = oauth::offer_step_up(asked, session.user.key, context.oauth); !looked) {
    return store_away(looked.error(), request, context.oauth);
  }
  const oauth::Consent consent = oauth::make_consent(asked, session.browser.mark(), session.user.key, context.oauth);
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
  view.switch_account = sign_in_path(own_request);
  view.destination = destination.text;
  view.warning = destination.warning;
  view.scopes = scope_texts(*asked.resource, *found);
  view.offered = asked.offered;
  view.missing = asked.missing;
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
  std::string flow = form->get_or_empty("flow");
  auto consent = oauth::open_consent(flow, find_browser(request, context).marks(), context.oauth);
  if (!consent) {
    return refuse(403, "Nothing was approved",
                  "This page was made for another browser, or its cookies are gone. Connect again from the app.",
                  request, context.oauth);
  }
  const Decision decision{request, context, std::move(flow), *std::move(consent)};
  const auto chosen = form->get("decision").value_or("");
  if (chosen == "deny") return refuse_page(oauth::RefusedBy::user, "The user did not approve.", decision);
  if (chosen != "approve" && chosen != kReturn) {
    return refuse_decision(400, "No decision", "Go back and choose Approve or Deny.", decision);
  }
  const auto session = find_session(request, context);
  if (!session) return store_away(session.error(), request, context.oauth);
  if (auto why_not = undecidable(*session, decision)) return *std::move(why_not);
  return chosen == kReturn ? return_to_app(decision) : approve(form->get_or_empty("tenant"), **session, decision);
}

}  // namespace postern::web
