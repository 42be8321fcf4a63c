#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/config.hpp"

namespace postern::idp {

// What a provider publishes about itself, as far as it is used here. Its addresses are URLs that may be asked:
// https://, or http:// at a loopback name. Empty where the document names none.
struct ProviderMetadata {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string jwks_uri;
  bool names_itself = false;  // RFC 9207: `iss` comes with every authorization response
};

// OpenID Connect Discovery 1.0 section 4.3, RFC 8414 section 3.3: what another issuer says of itself is not taken.
// Errors: protocol, with a sentence for the operator.
Result<ProviderMetadata> read_provider_metadata(std::string_view text, std::string_view issuer);

// Where an issuer's metadata is by OpenID Connect Discovery 1.0 section 4: behind the issuer.
std::string discovery_url(std::string_view issuer);
// The same, unless the configuration says where it is.
std::string metadata_url(const config::External& external);
// Where it is by RFC 8414 section 3.1, between host and path, when it is not there; empty for any other URL.
std::string other_discovery_url(std::string_view discovery_url);

}  // namespace postern::idp
