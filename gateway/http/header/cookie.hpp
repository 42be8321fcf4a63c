#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace postern::http {

// RFC 6265bis cookies of ours: HttpOnly, SameSite=Lax, Path=/, and Secure with the `__Host-` prefix on https. On plain
// http (loopback only) the prefix is dropped, since browsers refuse it there.
struct CookieOptions {
  bool secure = true;
  long max_age = -1;  // seconds; -1: until the browser closes; 0: delete
};

// The name as sent: `__Host-NAME` or NAME.
std::string cookie_name(std::string_view name, bool secure);
// A name that is no token, or a value of other than cookie-octets (RFC 6265 section 4.1.1), is a bug:
// std::invalid_argument.
std::string set_cookie(std::string_view name, std::string_view value, const CookieOptions& options);
// The value of our cookie. nullopt when absent or when the name stands twice: an attacker on a sibling host may have
// added the second; when its value is not one we could have set; when there are more than 16 KiB or 300 cookies.
std::optional<std::string> read_cookie(const Request& request, std::string_view name, bool secure);

struct SentCookie {
  std::string name;  // without `__Host-`
  std::string value;
  std::size_t size = 0;  // of name and value as they were sent
};
// Our cookies whose names begin like that, in the order they are sent in: the oldest first (RFC 6265 section 5.4).
// Bounded as above; what else stands in the field is passed over, and so are names and values that we could not have
// set.
std::vector<SentCookie> cookies_that_begin(const Request& request, std::string_view prefix, bool secure);

}  // namespace postern::http
