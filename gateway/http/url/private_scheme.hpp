#pragma once

#include <string_view>

namespace postern::http {

// Whether an app may claim this scheme, written in lower case, for URIs of its own (RFC 8252 section 7.1). False for
// text that is not a scheme (RFC 3986 section 3.1), for http and https, and for schemes that run code, read local data,
// or start a program that is not an OAuth client. Pure.
bool is_private_use_scheme(std::string_view scheme) noexcept;

}  // namespace postern::http
