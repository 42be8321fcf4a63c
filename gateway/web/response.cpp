#include "web/response.hpp"

#include "http/form.hpp"
#include "web/pages.hpp"

namespace postern::web {
namespace {

std::string content_security_policy(std::string_view form_action) {
  std::string policy = "default-src 'none'; style-src " + style_source() + "; base-uri 'none'; frame-ancestors 'none'";
  if (!form_action.empty()) policy += "; form-action " + std::string(form_action);
  return policy;
}

void set_common(http::Headers& headers, bool secure) {
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("X-Content-Type-Options", "nosniff");
  if (secure) headers.set("Strict-Transport-Security", "max-age=31536000");
}

}  // namespace

http::Response page_response(int status, std::string html, std::string_view form_action, bool secure) {
  http::Response response;
  response.status = status;
  response.body = std::move(html);
  auto& headers = response.headers;
  headers.set("Content-Type", "text/html; charset=utf-8");
  headers.set("Cache-Control", "no-store");
  headers.set("Content-Security-Policy", content_security_policy(form_action));
  headers.set("X-Frame-Options", "DENY");
  headers.set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()");
  // No Cross-Origin-Opener-Policy: clients open these pages in a popup and wait for it to come back to their own
  // origin; "same-origin" would cut it off from its opener for good, and the client would take it for closed.
  set_common(headers, secure);
  return response;
}

http::Response see_other(std::string_view location, bool secure) {
  http::Response response = http::redirect_response(location);
  set_common(response.headers, secure);
  return response;
}

std::string sign_in_path(const std::string& own_request) {
  return "/login?continue=" + http::percent_encode(own_request);
}

http::Response refuse(int status, std::string_view title, std::string_view text, const http::Request& request,
                      const oauth::Context& context, const WaysOn& ways) {
  RefusedView view;
  view.title = title;
  view.text = text;
  view.reference = request.request_id;
  view.ways = ways;
  return page_response(status, render_refused(view), kNoForms, context.secure());
}

http::Response method_not_allowed(const http::Request& request, const oauth::Context& context) {
  http::Response response = refuse(405, "Method not allowed", "This page is opened with a browser.", request, context);
  response.headers.set("Allow", "GET, POST");
  return response;
}

http::Response store_away(const Error& error, const http::Request& request, const oauth::Context& context) {
  if (!context.is_undecided()) {
    context.log.error("page_unavailable", {{"reason", error.what}, {"request_id", request.request_id}});
  }
  http::Response response = refuse(503, "Not available right now",
                                   "This cannot be done at the moment. Try again in a few seconds.", request, context);
  response.headers.set("Retry-After", "5");
  return response;
}

http::Response error_page(int status, const std::string& title, const std::string& text, const std::string& request_id,
                          bool secure) {
  RefusedView view;
  view.title = title;
  view.text = text;
  view.reference = request_id;
  return page_response(status, render_refused(view), kNoForms, secure);
}

}  // namespace postern::web
