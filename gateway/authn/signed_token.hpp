#pragma once

#include <memory>
#include <string_view>

#include "authn/verifier.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "token/access_jwt.hpp"
#include "token/principal.hpp"
#include "token/signing_keys.hpp"

namespace postern::authn {

// A signed access token of that issuer to the principal behind it: what RFC 9068 demands of the token itself, and then
// as for an opaque one that the store has it and its grant lives. Blocks. Errors as Verifier's; denied also for a token
// that is not ours or whose audience is not the resource it was issued for.
Result<std::shared_ptr<const token::Principal>> verify_signed(std::string_view token, const token::TokenIssuer& issuer,
                                                              token::SigningKeys& keys, const Verifier& verifier,
                                                              Time now);

}  // namespace postern::authn
