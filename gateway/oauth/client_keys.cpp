#include "oauth/client_keys.hpp"

namespace postern::oauth {

Result<std::vector<crypto::Jwk>> RegisteredKeys::keys_of(const store::Client& client, bool) const {
  if (client.jwks.empty()) return fail(Errc::invalid, "the client registered no keys");
  auto set = crypto::parse_jwk_set(client.jwks);
  if (!set) return set.error();
  return std::move(set->keys);
}

}  // namespace postern::oauth
