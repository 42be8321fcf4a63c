#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "token/signing_keys.hpp"

namespace postern::token {

// Access tokens as signed JWTs (RFC 9068). They are in the store by their hash like opaque ones, so that revoking, a
// lowered role and a removed member count at once; the signature lets others check them too.
inline constexpr std::string_view kAccessTokenType = "at+jwt";
// RFC 9068 section 2.2 wants a client_id: of a token that an operator made for no client.
inline constexpr std::string_view kNoClient = "postern";

struct AccessClaims {
  std::string issuer;
  std::string subject;
  std::string audience;  // the resource, as its metadata names it
  std::string client;
  std::string scope;
  std::string tenant;
  Time issued_at{};
  Time expires_at{};
};

// RFC 9068 section 2, with a `jti` of its own.
std::string make_access_jwt(const AccessClaims& claims, const Signer& signer);

// Whose tokens: one issuer for each tenant may share the keys.
struct TokenIssuer {
  std::string_view name;      // the `iss` claim
  std::string_view key_ring;  // what SigningKeys knows it by
};

// RFC 9068 section 4: the type, a signature by one of the issuer's keys, issuer, one audience, times. denied: it is
// none of our tokens; expired; unavailable and busy as the store says. What the store knows of it is for the caller to
// ask, and whether the audience is the resource at hand.
Result<AccessClaims> check_access_jwt(std::string_view compact, const TokenIssuer& issuer, SigningKeys& keys, Time now);

// The shapes a server's access tokens have: opaque ones with its prefix, and where it signs tokens those too. Opaque
// ones stay good when a server begins to sign.
bool has_access_token_shape(std::string_view value, std::string_view prefix, bool is_signed) noexcept;

}  // namespace postern::token
