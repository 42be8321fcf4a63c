#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace postern::http {

// An absolute http, https or private-use URL split into parts, compared and printed in one canonical form.
struct Url {
  std::string scheme;  // lower case
  std::string host;    // lower case; an IPv6 address in brackets
  std::string port;    // empty when absent or the scheme's default
  std::string path;    // encoded; "" when absent
  std::string query;   // without "?"
  bool has_query = false;
  bool has_fragment = false;
  bool has_userinfo = false;
  bool has_authority = false;

  std::string origin() const;         // scheme://host[:port]
  std::string to_string() const;      // canonical, without fragment and user information
  bool is_loopback() const noexcept;  // host is localhost, 127.0.0.0/8 or [::1] written plainly
};

// RFC 3986 section 3, read strictly and by hand: Boost.URL 1.81 ends the host of "http://127.0.0.1.evil.test" after the
// address. A host is what split_authority() (http/url/authority.hpp) takes; http and https need one. No byte outside
// the grammar (control bytes, blanks, backslashes, anything over 0x7E), no percent errors; dot segments are left as
// they are. `what` of the error is a sentence to show.
Result<Url> parse_url(std::string_view text);

// Host header values: host[:port], checked as RFC 3986 reg-name or address, lower case, default port of the scheme
// dropped. nullopt when malformed.
std::optional<std::string> canonical_authority(std::string_view authority, bool https);

// RFC 8707 comparison of resource indicators: scheme and host without case, default port dropped, one trailing slash of
// the path ignored; anything with a fragment, userinfo, dot segments, encoded separators or whatever else path_fault()
// (http/url/target.hpp) names has no canonical form, nor has anything but http and https.
std::optional<std::string> canonical_resource(std::string_view resource);

}  // namespace postern::http
