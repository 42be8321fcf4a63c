#include "web/consent/request_fault.hpp"

#include "http/form.hpp"
#include "oauth/redirect_trust.hpp"
#include "web/browser.hpp"
#include "web/display.hpp"
#include "web/response.hpp"
#include "web/views.hpp"

namespace postern::web {
namespace {

// Nothing but the link to the sign-in page leads on from here: only a user who is signed in is sent to the app.
http::Response show_fault(const oauth::RedirectError& fault, const std::string& own_request,
                          const http::Request& request, const PageContext& context) {
  const auto& client = fault.request.client;
  FaultView view;
  view.client = client.name.empty() ? client.id : client.name;
  view.client_standing = client_standing(client);
  view.destination = destination_of(fault.request.redirect_uri).text;
  view.error = fault.error.error;
  view.description = fault.error.description;
  view.sign_in = sign_in_path(own_request);
  view.comes_back = view.sign_in.size() <= kLongestLocation;
  if (!view.comes_back) view.sign_in = "/login";
  view.reference = request.request_id;
  return page_response(400, render_fault(view), kNoForms, context.oauth.secure());
}

}  // namespace

http::Response answer_fault(const oauth::RedirectError& fault, const std::string& own_request,
                            const http::Request& request, const PageContext& context) {
  const bool secure = context.oauth.secure();
  const auto& asked = fault.request;
  if (oauth::redirects_before_sign_in(asked.client, asked.redirect_uri)) return see_other(fault.location, secure);
  const auto session = find_session(request, context);
  if (!session) return store_away(session.error(), request, context.oauth);
  if (*session) return see_other(fault.location, secure);
  // A form posted by the client's site comes without our cookies (SameSite=Lax); the same request by GET has them.
  if (request.method == "POST" && own_request.size() <= kLongestLocation) return see_other(own_request, secure);
  return show_fault(fault, own_request, request, context);
}

}  // namespace postern::web
