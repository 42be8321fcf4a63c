#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace postern::crypto {

// AES-256-GCM with a random 96-bit nonce. sealed = nonce | ciphertext | tag. `context` is authenticated, not contained:
// it keeps a value sealed for one purpose from being opened for another. Immutable, thread-safe.
// NIST SP 800-38D section 8.3 allows 2^32 values under one key: for what is sealed more often, derive a key per
// purpose.
class Aead {
 public:
  explicit Aead(std::string key);  // 32 bytes; any other length is a bug and throws

  std::string seal(std::string_view plain, std::string_view context) const;
  // nullopt when the value is not ours, was changed or was sealed for another context.
  std::optional<std::string> open(std::string_view sealed, std::string_view context) const;

 private:
  Secret key_;
};

}  // namespace postern::crypto
