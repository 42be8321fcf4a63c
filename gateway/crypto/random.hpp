#pragma once

#include <cstddef>
#include <string>

namespace postern::crypto {

// From the operating system's generator through OpenSSL; ends the process when there is no randomness to be had, since
// nothing may be issued without it. Thread-safe.
std::string random_bytes(std::size_t count);
// base64url of that many random bytes: only [A-Za-z0-9_-], as clients build HTTP Basic without encoding.
std::string random_token(std::size_t bytes = 32);

}  // namespace postern::crypto
