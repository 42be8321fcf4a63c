#pragma once

#include <vector>

#include "base/result.hpp"
#include "crypto/jwk.hpp"
#include "store/records.hpp"

namespace postern::oauth {

// Where the public keys of a client that signs its assertions come from. Implementations may block and are thread-safe.
class ClientKeys {
 public:
  virtual ~ClientKeys() = default;
  // `fresh`: what is held knows no key for the assertion at hand; ask again, as often as that is allowed. Errors:
  // invalid (the client has no keys that can be used), unavailable and busy (they cannot be had now).
  virtual Result<std::vector<crypto::Jwk>> keys_of(const store::Client& client, bool fresh) const = 0;
  // Whether a client may have its keys at `jwks_uri`.
  virtual bool fetches() const noexcept = 0;
};

// Keys that the client registered with its metadata (`jwks`), and no others.
class RegisteredKeys final : public ClientKeys {
 public:
  Result<std::vector<crypto::Jwk>> keys_of(const store::Client& client, bool fresh) const override;
  bool fetches() const noexcept override { return false; }
};

}  // namespace postern::oauth
