#include "web/browser.hpp"
#include "web/pages.hpp"
#include "web/response.hpp"
#include "web/views.hpp"

namespace postern::web {
namespace {

constexpr std::string_view kForm = "sign-out";

http::Response show(const http::Request& request, const PageContext& context) {
  const auto session = find_session(request, context);
  if (!session) return store_away(session.error(), request, context.oauth);
  if (!*session) return see_other("/login", context.oauth.secure());
  const auto& [user, browser] = **session;
  const auto token = form_token(kForm, browser, user.key, context);
  return page_response(200, render_logout({user.name, user.email}, token), kOwnForms, context.oauth.secure());
}

http::Response submit(const http::Request& request, const PageContext& context) {
  const auto form = own_form(request, context);
  if (!form) return form.error();
  const auto session = find_session(request, context);
  if (!session) return store_away(session.error(), request, context.oauth);
  const bool ours = !*session || is_form_token(form->get_or_empty("form_token"), kForm, (*session)->browser,
                                               (*session)->user.key, context);
  if (!ours) {
    return refuse(403, "Not signed out", "The form belongs to another account or browser. Open the page again.",
                  request, context.oauth);
  }
  const auto cookie = end_session(request, context);
  if (!cookie) return store_away(cookie.error(), request, context.oauth);
  auto response = see_other("/login", context.oauth.secure());
  response.headers.add("Set-Cookie", *cookie);
  return response;
}

}  // namespace

http::Response logout(const http::Request& request, const PageContext& context) {
  if (request.method == "GET") return show(request, context);
  if (request.method == "POST") return submit(request, context);
  return method_not_allowed(request, context.oauth);
}

}  // namespace postern::web
