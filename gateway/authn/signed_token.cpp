#include "authn/signed_token.hpp"

#include <utility>

#include "http/url/url.hpp"
#include "token/access_jwt.hpp"
#include "token/opaque.hpp"

namespace postern::authn {

Result<std::shared_ptr<const token::Principal>> verify_signed(std::string_view token, const token::TokenIssuer& issuer,
                                                              token::SigningKeys& keys, const Verifier& verifier,
                                                              Time now) {
  const auto claims = token::check_access_jwt(token, issuer, keys, now);
  if (!claims) return claims.error();
  auto principal = verifier.verify(token::token_hash(token), now);
  if (!principal) return principal;
  // RFC 9068 section 4: whoever reads the claims must come to the same answer as we do from the store.
  if (http::canonical_resource(claims->audience) != (*principal)->resource) {
    return fail(Errc::denied, "the token's audience is not the resource of its grant");
  }
  auto signed_by = std::make_shared<token::Principal>(**principal);
  signed_by->key_ring = issuer.key_ring;
  return std::shared_ptr<const token::Principal>(std::move(signed_by));
}

}  // namespace postern::authn
