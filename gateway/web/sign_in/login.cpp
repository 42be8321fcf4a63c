#include <utility>
#include <variant>

#include "http/form.hpp"
#include "oauth/authorization/authorization.hpp"
#include "web/browser.hpp"
#include "web/display.hpp"
#include "web/pages.hpp"
#include "web/response.hpp"
#include "web/sign_in/app_request.hpp"
#include "web/sign_in/device_cookie.hpp"
#include "web/sign_in/elsewhere.hpp"
#include "web/views.hpp"

namespace postern::web {
namespace {

constexpr std::string_view kForm = "sign-in";

Account account_of(const Session& session) { return {session.user.name, session.user.email}; }

bool with_password(const PageContext& context) { return context.identity == nullptr || context.identity->local; }

// The app's request that the browser comes from, or was sent here with.
std::optional<AppRequest> asked_by_app(const LoginView& view, const http::Request& request,
                                       const PageContext& context) {
  oauth::Context at_hand = context.oauth;
  oauth::ForeignDocuments held;
  // A POST may have counted a failure already: it must not be run again for the sake of a document, so what is wanted
  // is noted aside and forgotten.
  if (request.method == "POST" && at_hand.documents != nullptr) {
    held = *at_hand.documents;
    at_hand.documents = &held;
  }
  return app_request(view.continue_to, at_hand);
}

// Who asks is said before the browser leaves for a provider, as well as on the page where it is decided. A request at
// fault is never decided on: after signing in the browser is sent straight to the app, so this page alone says where.
void tell_app(LoginView& view, const AppRequest& wanted) {
  const auto& asked = wanted.asked;
  view.app = asked.client.name.empty() ? asked.client.id : asked.client.name;
  if (asked.resource) view.resource = asked.resource->name;
  view.destination = destination_of(asked.redirect_uri).text;
  view.error = wanted.error;
}

// The tenant whose users the page is for; empty: of any.
std::string tenant_meant(const std::optional<AppRequest>& wanted, const PageContext& context) {
  const auto& own = context.oauth.server.tenant;
  if (!own.empty() || !wanted || !wanted->asked.resource) return own;
  return wanted->asked.resource->fixed_tenant;
}

// Browsers hold form-action against every hop that follows a form. After signing in, a request at fault leads straight
// to the app, and which hops its callback makes cannot be known: destination_of().
std::string form_action(const std::optional<AppRequest>& wanted, const PageContext& context) {
  const bool at_fault = wanted && !wanted->error.empty();
  return at_fault ? std::string(kAnyForms) : login_form_action(context);
}

http::Response show_form(int status, LoginView view, const http::Request& request, const PageContext& context) {
  auto browser = find_browser(request, context);
  const bool met_now = !browser.known();
  if (met_now) browser = new_browser();
  const auto wanted = asked_by_app(view, request, context);
  view.with_password = with_password(context);
  view.providers = provider_choices(tenant_meant(wanted, context), context);
  if (wanted) tell_app(view, *wanted);
  if (!view.with_password && view.providers.empty() && view.alert.empty()) {
    view.alert = "There is no way to sign in for this organisation. Ask an administrator.";
    if (wanted && wanted->error.empty()) view.back = way_to_app(*wanted, context.oauth);
  }
  view.form_token = form_token(kForm, browser, {}, context);
  auto response = page_response(status, render_login(view), form_action(wanted, context), context.oauth.secure());
  if (met_now) response.headers.add("Set-Cookie", browser_cookie(browser, -1, context));
  return response;
}

http::Response show(const http::Request& request, const PageContext& context) {
  const auto query = http::Form::parse(request.query);
  const auto wanted = query ? query->get("continue") : std::nullopt;
  LoginView view;
  view.continue_to = own_path(wanted.value_or(""));
  const auto session = find_session(request, context);
  if (!session) return store_away(session.error(), request, context.oauth);
  if (*session && view.continue_to.empty()) {
    return page_response(200, render_account(account_of(**session)), kNoForms, context.oauth.secure());
  }
  if (*session)
    view.lead = "You are signed in as " + (*session)->user.name + ". Sign in again, or with another account.";
  return show_form(200, std::move(view), request, context);
}

std::string minutes_text(Duration wait) {
  const auto minutes = (wait.count() + 59'999) / 60'000;
  return minutes <= 1 ? "a minute" : std::to_string(minutes) + " minutes";
}

http::Response show_refusal(int status, std::string alert, const idp::SignIn& sign_in, LoginView view,
                            const http::Request& request, const PageContext& context) {
  view.alert = std::move(alert);
  auto response = show_form(status, std::move(view), request, context);
  if (sign_in.retry_after > Duration::zero()) {
    response.headers.set("Retry-After", std::to_string((sign_in.retry_after.count() + 999) / 1000));
  }
  return response;
}

void audit_failure(bool limited, const http::Request& request, const PageContext& context) {
  if (!context.oauth.log.admits(telemetry::StrangerLine::sign_in)) return;
  // The typed name stays out of the log: people type passwords into that field.
  context.oauth.log.audit("sign_in_failed",
                          {{"limited", limited}, {"address", request.peer}, {"request_id", request.request_id}});
}

http::Response not_signed_in(const idp::SignIn& sign_in, LoginView view, const http::Request& request,
                             const PageContext& context) {
  const auto show = [&](int status, std::string alert) {
    return show_refusal(status, std::move(alert), sign_in, std::move(view), request, context);
  };
  const std::string later = "Try again in " + minutes_text(sign_in.retry_after);
  switch (sign_in.outcome) {
    case idp::SignInOutcome::limited:
      audit_failure(true, request, context);
      return show(429, "Too many failed attempts. " + later + ".");
    case idp::SignInOutcome::paused:
      audit_failure(true, request, context);
      return show(429, "Too many failed attempts with this name from elsewhere. " + later +
                           ", or use a browser or a network in which you signed in before.");
    case idp::SignInOutcome::busy:
      return show(503,
                  "Too many people are signing in right now, and your password was not looked at. "
                  "Wait a few seconds and sign in again.");
    default: break;
  }
  audit_failure(false, request, context);
  // RFC 9110 section 15.5.4: credentials that are not enough. 401 would promise an HTTP authentication scheme.
  return show(403, "The user name or the password is wrong.");
}

http::Response signed_in(const store::User& user, std::vector<idp::Device> devices, const std::string& continue_to,
                         const http::Request& request, const PageContext& context) {
  auto response = see_other(continue_to.empty() ? "/login" : continue_to, context.oauth.secure());
  const auto started = start_session(user, request, context, response);
  if (!started) return store_away(started.error(), request, context.oauth);
  response.headers.add("Set-Cookie", device_cookie(std::move(devices), user, context));
  context.oauth.log.audit("signed_in",
                          {{"user", user.key}, {"address", request.peer}, {"request_id", request.request_id}});
  return response;
}

http::Response with_credentials(const http::Form& form, LoginView view, const http::Request& request,
                                const PageContext& context) {
  auto devices = devices_of(request, context);
  const idp::SignInTry attempt{view.username, Secret(form.get_or_empty("password")), request.peer, devices};
  const auto sign_in = context.users.sign_in(attempt, *context.password);
  if (!sign_in) return store_away(sign_in.error(), request, context.oauth);
  if (sign_in->outcome == idp::SignInOutcome::pending) {  // this is run again
    return refuse(503, "Busy", "Your password is being checked. Sign in again.", request, context.oauth);
  }
  if (sign_in->outcome != idp::SignInOutcome::ok) return not_signed_in(*sign_in, std::move(view), request, context);
  return signed_in(sign_in->user, std::move(devices), view.continue_to, request, context);
}

http::Response submit(const http::Request& request, const PageContext& context) {
  const auto form = own_form(request, context);
  if (!form) return form.error();
  LoginView view;
  view.username = form->get_or_empty("username");
  view.continue_to = own_path(form->get_or_empty("continue"));
  // Also against login CSRF: nobody signs a stranger's browser in to an account of his own.
  const auto browser = find_browser(request, context);
  if (!is_form_token(form->get_or_empty("form_token"), kForm, browser, {}, context)) {
    view.alert = "This page was open for too long, or cookies are switched off. Sign in again.";
    return show_form(403, std::move(view), request, context);
  }
  if (const auto provider = form->get("provider")) {
    return begin_elsewhere(*provider, view.continue_to, request, context);
  }
  if (!with_password(context) || context.password == nullptr) {
    return refuse(400, "Not understood", "Passwords are not taken here.", request, context.oauth);
  }
  return with_credentials(*form, std::move(view), request, context);
}

}  // namespace

http::Response login(const http::Request& request, const PageContext& context) {
  if (request.method == "GET") return show(request, context);
  if (request.method == "POST") return submit(request, context);
  return method_not_allowed(request, context.oauth);
}

}  // namespace postern::web
