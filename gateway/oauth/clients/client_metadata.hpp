#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "config/config.hpp"
#include "oauth/error.hpp"
#include "store/records.hpp"

namespace postern::oauth {

// A client as its metadata describes it, without id, secret and times.
struct ClientMetadata {
  store::Client client;
  // Redirect URIs that the client named and the operator's `redirect_domains` does not allow. They are not registered.
  std::vector<std::string> left_out;
};

// RFC 7591 section 2: what a client says of itself, as far as it is taken. What is not supported, and a wrong value of
// what decides nothing, is left out or replaced; the answer says what was registered. What decides something (redirect
// URIs, name, grant and response types, how the client authenticates and with which keys) is refused when it is wrong
// or would leave a client that cannot work: invalid_redirect_uri or invalid_client_metadata. Pure.
Result<ClientMetadata, OAuthError> read_client_metadata(const nlohmann::json& document,
                                                        const config::Registration& registration);

// SHA-256 over everything the record says, so that equal public registrations share one row.
std::string client_fingerprint(const store::Client& client);

std::string_view auth_method_name(store::ClientAuth auth) noexcept;

}  // namespace postern::oauth
