#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/form.hpp"
#include "http/message.hpp"
#include "store/records.hpp"
#include "web/pages.hpp"

namespace postern::web {

// Who is signed in with this browser.
struct Session {
  store::User user;
  std::string hash;  // of the session cookie: what consent pages are bound to
};

// nullopt: nobody, or the session is over, or the user was disabled.
Result<std::optional<Session>> find_session(const http::Request& request, const PageContext& context);
// Stores a new session, ends the one the browser had, and yields the Set-Cookie value. A session is always new: an
// identifier planted before signing in is worth nothing (session fixation).
Result<std::string> start_session(const store::User& user, const http::Request& request, const PageContext& context);
// Yields the Set-Cookie value that deletes the cookie.
Result<std::string> end_session(const http::Request& request, const PageContext& context);

// The cookie that a sign-in form is bound to. `set_cookie` is there when the browser had none yet.
struct BrowserCookie {
  std::string value;
  std::optional<std::string> set_cookie;
};
BrowserCookie browser_cookie(const http::Request& request, const PageContext& context);

// Tokens against cross-site request forgery (RFC 9700 section 4.7): `bound_to` sealed for one form.
std::string form_token(std::string_view form, std::string_view bound_to, const PageContext& context);
bool is_form_token(std::string_view token, std::string_view form, std::string_view bound_to,
                   const PageContext& context);

// The form of a POST from one of our pages, or the page that refuses it: 415 for other media types, 400 for broken
// forms and repeated names, 403 when the browser says that another site sent it.
boost::system::result<http::Form, http::Response> own_form(const http::Request& request, const PageContext& context);

// The path to go on with after signing in: an own path ("/" and what follows it) that no browser can read as another
// origin. Empty for everything else.
std::string own_path(std::string_view text);

}  // namespace postern::web
