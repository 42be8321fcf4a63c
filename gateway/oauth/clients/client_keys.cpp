#include "oauth/clients/client_keys.hpp"

#include <utility>

namespace postern::oauth {
namespace {

OAuthError no_keys(std::string detail) {
  return oauth_error("invalid_client", "The client has no public keys that can be used here: register some.",
                     std::move(detail), 401);
}

// One answer for all that can go wrong on the way, as with the documents of clients: a stranger chose where it leads,
// and would else learn which names there are inside the network.
OAuthError not_fetched(const Error& error) {
  if (error.code == Errc::busy || error.code == Errc::cancelled || error.code == Errc::internal) {
    return store_error(error);
  }
  return oauth_error("invalid_client",
                     "The client's keys could not be fetched: jwks_uri must be public, answer with 200 and JSON "
                     "without a redirect, and have 64 KiB at most.",
                     error.what, 401);
}

}  // namespace

Result<std::vector<crypto::Jwk>, OAuthError> keys_of(const store::Client& client, bool fresh, const Context& context) {
  std::string held;
  std::string_view text = client.jwks;
  if (text.empty()) {
    if (client.jwks_uri.empty()) return no_keys("the client registered no keys");
    if (context.documents == nullptr) return store_error(fail(Errc::internal, "nothing is fetched here"));
    const auto fetched = context.documents->get({DocumentKind::keys, client.jwks_uri, fresh});
    if (context.documents->wanted()) return store_error(fetched.error());
    if (!fetched) return not_fetched(fetched.error());
    held = **fetched;
    text = held;
  }
  auto set = crypto::parse_jwk_set(text);
  if (!set) return no_keys(set.error().what);
  return std::move(set->keys);
}

}  // namespace postern::oauth
