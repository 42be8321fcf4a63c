#include "crypto/random.hpp"

#include <openssl/rand.h>

#include <climits>
#include <cstdio>
#include <cstdlib>

#include "base/encoding.hpp"

namespace postern::crypto {

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  if (count > INT_MAX || RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1) {
    std::fputs("postern: no random numbers to be had, stopping\n", stderr);
    std::abort();
  }
  return out;
}

std::string random_token(std::size_t bytes) { return base64url_encode(random_bytes(bytes)); }

std::string random_id(std::string_view kind) { return std::string(kind) + "_" + random_token(16); }

}  // namespace postern::crypto
