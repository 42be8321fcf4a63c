#include "token/access_jwt.hpp"

#include <nlohmann/json.hpp>

#include "crypto/jws.hpp"
#include "crypto/jwt.hpp"
#include "crypto/random.hpp"
#include "token/opaque.hpp"

namespace postern::token {
namespace {

Error denied(const char* what) { return fail(Errc::denied, what); }

// Signatures first: what the claims say counts only then.
Result<crypto::Claims> signed_claims(std::string_view compact, std::string_view key_ring, SigningKeys& keys) {
  const auto jws = crypto::Jws::read(compact, crypto::kEveryJwsAlgorithm);
  if (!jws) return fail(Errc::denied, jws.error().what);
  // RFC 9068 section 4, RFC 8725 section 3.11: no other kind of JWT passes for an access token.
  if (!jws->has_type(kAccessTokenType)) return denied("the token is of another type");
  if (jws->kid().empty()) return denied("the token names no key");
  const auto published = keys.published_with(key_ring, jws->kid());
  if (!published) return published.error();
  if (jws->signer(*published) == nullptr) return denied("the token is signed by no key of this server");
  auto claims = crypto::Claims::read(jws->payload());
  if (!claims) return denied("the token holds no claims");
  return claims;
}

}  // namespace

std::string make_access_jwt(const AccessClaims& claims, const Signer& signer) {
  nlohmann::ordered_json body;
  body["iss"] = claims.issuer;
  body["sub"] = claims.subject;
  body["aud"] = claims.audience;
  body["exp"] = to_seconds(claims.expires_at);
  body["iat"] = to_seconds(claims.issued_at);
  body["jti"] = crypto::random_token(16);
  body["client_id"] = claims.client.empty() ? kNoClient : std::string_view(claims.client);
  body["scope"] = claims.scope;
  body["tenant"] = claims.tenant;
  return crypto::sign_jws(signer.key, signer.algorithm, kAccessTokenType, signer.kid, body.dump());
}

Result<AccessClaims> check_access_jwt(std::string_view compact, const TokenIssuer& issuer, SigningKeys& keys,
                                      Time now) {
  const auto claims = signed_claims(compact, issuer.key_ring, keys);
  if (!claims) return claims.error();
  if (claims->text("iss") != issuer.name) return denied("the token is of another issuer");
  // RFC 9068 section 3: one resource a token.
  const auto audiences = claims->audiences();
  if (audiences.size() != 1) return denied("the token is not for one resource");
  const auto timely = claims->check_times(now, {.skew = kClockSkew});
  if (!timely) return fail(timely.error().code == Errc::expired ? Errc::expired : Errc::denied, timely.error().what);

  AccessClaims read;
  read.issuer = issuer.name;
  read.subject = claims->text("sub");
  read.audience = audiences.front();
  read.client = claims->text("client_id");
  read.scope = claims->text("scope");
  read.tenant = claims->text("tenant");
  read.issued_at = claims->time("iat")->value_or(Time{});
  read.expires_at = claims->time("exp")->value_or(Time{});
  return read;
}

bool has_access_token_shape(std::string_view value, std::string_view prefix, bool is_signed) noexcept {
  return has_token_shape(value, prefix) || (is_signed && crypto::has_jws_shape(value));
}

}  // namespace postern::token
