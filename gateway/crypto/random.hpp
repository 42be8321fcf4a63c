#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::crypto {

// From the operating system's generator through OpenSSL; ends the process when there is no randomness to be had, since
// nothing may be issued without it. Thread-safe.
std::string random_bytes(std::size_t count);
// base64url of that many random bytes: only [A-Za-z0-9_-], as clients build HTTP Basic without encoding.
std::string random_token(std::size_t bytes = 32);
// A name nobody else has: the kind of thing and 128 random bits, as in "grant_…". It is no secret, and never begins
// with a hyphen, so that it can be an argument of a command.
std::string random_id(std::string_view kind);

}  // namespace postern::crypto
