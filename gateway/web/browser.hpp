#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/form.hpp"
#include "http/message.hpp"
#include "store/records.hpp"
#include "web/pages.hpp"

namespace postern::web {

// What tells one browser from another: random values in cookies, of which it has one. Only pages that were opened at
// the same time, when it had none yet, each gave it another; all of them count. Pages are bound to a browser and a user
// and not to a session, so that a second sign-in of the same user, in another tab, leaves the pages of the first in
// force.
class KnownBrowser {
 public:
  bool known() const noexcept { return !cookies_.empty(); }
  // What new pages are bound to: a SHA-256. The browser must be known().
  std::string mark() const { return marks().front(); }
  // All that a page of this browser may be bound to.
  std::vector<std::string> marks() const;

 private:
  friend KnownBrowser find_browser(const http::Request& request, const PageContext& context);
  friend KnownBrowser new_browser();
  friend std::string browser_cookie(const KnownBrowser& browser, long max_age, const PageContext& context);
  struct Cookie {
    std::string name;
    std::string value;
  };
  std::vector<Cookie> cookies_;
};

KnownBrowser find_browser(const http::Request& request, const PageContext& context);
KnownBrowser new_browser();
// The Set-Cookie value that makes a browser known, or keeps it so for `max_age` seconds; -1: until it is closed.
std::string browser_cookie(const KnownBrowser& browser, long max_age, const PageContext& context);

// Who is signed in with this browser.
struct Session {
  store::User user;
  KnownBrowser browser;
};

// nullopt: nobody, or the session is over, or the user was disabled, or the browser is not known.
Result<std::optional<Session>> find_session(const http::Request& request, const PageContext& context);
// Stores a new session, ends the one the browser had, and adds the cookies. A session is always new: an identifier
// planted before signing in is worth nothing (session fixation).
Result<void> start_session(const store::User& user, const http::Request& request, const PageContext& context,
                           http::Response& response);
// Yields the Set-Cookie value that deletes the cookie.
Result<std::string> end_session(const http::Request& request, const PageContext& context);

// Tokens against cross-site request forgery (RFC 9700 section 4.7), each for one form, browser and user. `user` is
// empty for forms of people who are not signed in.
std::string form_token(std::string_view form, const KnownBrowser& browser, std::string_view user,
                       const PageContext& context);
bool is_form_token(std::string_view token, std::string_view form, const KnownBrowser& browser, std::string_view user,
                   const PageContext& context);

// The form of a POST from one of our pages, or the page that refuses it: 415 for other media types, 400 for broken
// forms and repeated names, 403 when the browser says that another site sent it.
boost::system::result<http::Form, http::Response> own_form(const http::Request& request, const PageContext& context);

// The path to go on with after signing in: an own path ("/" and what follows it) that no browser can read as another
// origin. Empty for everything else.
std::string own_path(std::string_view text);

}  // namespace postern::web
