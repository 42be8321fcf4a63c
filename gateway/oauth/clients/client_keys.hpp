#pragma once

#include <vector>

#include "base/result.hpp"
#include "crypto/jwk.hpp"
#include "oauth/context.hpp"
#include "oauth/error.hpp"
#include "store/records.hpp"

namespace postern::oauth {

// RFC 7591 section 2: the public keys of a client that signs its assertions, by value (`jwks`) or from where it
// publishes them (`jwks_uri`). `fresh`: those that are held hold no key for the assertion at hand; ask again, as often
// as that is allowed. Errors: invalid_client (401) when the client has none that can be used, temporarily_unavailable
// (503) when they cannot be had now.
Result<std::vector<crypto::Jwk>, OAuthError> keys_of(const store::Client& client, bool fresh, const Context& context);

}  // namespace postern::oauth
