#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "oauth/context.hpp"
#include "oauth/error.hpp"
#include "store/records.hpp"

namespace postern::oauth {

inline constexpr std::string_view kJwtBearerAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// Who signed the assertion (RFC 7523 section 3, private_key_jwt of OpenID Connect Core section 9). `posted_id`: the
// client_id that came along, or empty; it must then be the same. Uses the assertion up. Blocks on the store and perhaps
// on the client's keys. Errors: invalid_client with the reason in its detail, or that the store or the keys are away.
Result<store::Client, OAuthError> authenticate_assertion(std::string_view assertion, std::string_view posted_id,
                                                         const Context& context);

}  // namespace postern::oauth
