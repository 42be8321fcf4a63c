#pragma once

#include <string>

#include "crypto/aead.hpp"
#include "token/principal.hpp"

namespace postern::proxy {

// The key of the gateway under test, for what it seals.
inline const crypto::Aead& our_key() {
  static const crypto::Aead key(std::string(32, 'k'));
  return key;
}

inline token::Principal alice() {
  token::Principal principal;
  principal.grant = "any";
  principal.user = "local:alice";
  principal.tenant = "acme";
  principal.client = "client_a";
  principal.resource = "https://ai.example.test/mcp";
  return principal;
}

}  // namespace postern::proxy
