#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "config/config.hpp"
#include "oauth/error.hpp"
#include "store/records.hpp"

namespace postern::oauth {

// RFC 7591 section 2: what a client says of itself, as far as it is taken. Without id, secret and times. What is not
// supported is left out (and so not echoed); what is wrong, or would leave a client that cannot work, is refused with
// invalid_redirect_uri or invalid_client_metadata. Pure.
Result<store::Client, OAuthError> read_client_metadata(const nlohmann::json& document,
                                                       const config::Registration& registration);

// SHA-256 over everything the record says, so that equal public registrations share one row.
std::string client_fingerprint(const store::Client& client);

std::string_view auth_method_name(store::ClientAuth auth) noexcept;

}  // namespace postern::oauth
