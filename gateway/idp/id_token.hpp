#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "crypto/jws.hpp"
#include "crypto/jwt.hpp"

namespace postern::idp {

// An ID token before its signature was checked: a JWT whose algorithm the operator allows. Pure. Errors: denied.
Result<crypto::Jws> read_id_token(std::string_view compact, const config::Provider& provider);

// Its claims, once its signature was checked (OpenID Connect Core section 3.1.3.7): made by that provider, for this
// client, for the sign-in with that nonce, and just now. Pure. Errors: denied, expired, with a sentence for the log.
Result<crypto::Claims> id_token_claims(const crypto::Jws& jws, const config::Provider& provider, std::string_view nonce,
                                       Time now);

}  // namespace postern::idp
