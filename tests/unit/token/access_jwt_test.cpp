#include "token/access_jwt.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/jws.hpp"
#include "unit/tenant/test_store.hpp"
#include "unit/token/manual_clock.hpp"

namespace postern::token {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto* kIssuer = "https://ai.example.test";

class AccessJwtTest : public testing::Test {
 protected:
  AccessJwtTest() { EXPECT_TRUE(keys_.prepare(kIssuer, "ES256", 10min)); }

  AccessClaims sample() const {
    return {.issuer = kIssuer,
            .subject = "local:alice",
            .audience = "https://ai.example.test/mcp",
            .client = "client_1",
            .scope = "connect read",
            .tenant = "acme",
            .issued_at = clock_.now(),
            .expires_at = clock_.now() + 10min};
  }
  std::string make() { return make_access_jwt(sample(), *keys_.active(kIssuer)); }
  json claims_of(const std::string& compact) {
    return json::parse(crypto::Jws::read(compact, crypto::kEveryJwsAlgorithm)->payload());
  }
  // Signed by the server's own key, with other contents.
  std::string forged(const json& claims, const char* typ = "at+jwt") {
    const auto signer = keys_.active(kIssuer).value();
    return crypto::sign_jws(signer.key, signer.algorithm, typ, signer.kid, claims.dump());
  }
  Result<AccessClaims> check(const std::string& compact) {
    return check_access_jwt(compact, {kIssuer, kIssuer}, keys_, clock_.now());
  }
  Errc refusal(const std::string& compact) {
    const auto checked = check(compact);
    return checked ? Errc::internal : checked.error().code;
  }

  tests::ManualClock clock_;
  tests::TestStore store_;
  SigningKeys keys_{store_->keys(), std::string(32, 'm'), clock_};
};

// RFC 9068 section 2.2.
TEST_F(AccessJwtTest, HoldsWhatTheRfcDemandsAndTheTenant) {
  const std::string compact = make();
  const auto jws = crypto::Jws::read(compact, crypto::kEveryJwsAlgorithm);
  ASSERT_TRUE(jws);
  EXPECT_EQ(jws->typ(), "at+jwt");
  EXPECT_EQ(jws->kid(), keys_.active(kIssuer)->kid);
  const json claims = claims_of(compact);
  EXPECT_EQ(claims["iss"], kIssuer);
  EXPECT_EQ(claims["sub"], "local:alice");
  EXPECT_EQ(claims["aud"], "https://ai.example.test/mcp");
  EXPECT_EQ(claims["client_id"], "client_1");
  EXPECT_EQ(claims["scope"], "connect read");
  EXPECT_EQ(claims["tenant"], "acme");
  EXPECT_EQ(claims["iat"], 1'800'000'000);
  EXPECT_EQ(claims["exp"], 1'800'000'600);
  EXPECT_EQ(claims["jti"].get<std::string>().size(), 22U);
  EXPECT_NE(claims_of(make())["jti"], claims["jti"]);
}

TEST_F(AccessJwtTest, ATokenForNoClientNamesUs) {
  auto claims = sample();
  claims.client.clear();
  EXPECT_EQ(claims_of(make_access_jwt(claims, *keys_.active(kIssuer)))["client_id"], "postern");
}

TEST_F(AccessJwtTest, IsReadBackAsItWasMade) {
  const auto read = check(make());
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->subject, "local:alice");
  EXPECT_EQ(read->audience, "https://ai.example.test/mcp");
  EXPECT_EQ(read->client, "client_1");
  EXPECT_EQ(read->scope, "connect read");
  EXPECT_EQ(read->tenant, "acme");
  EXPECT_EQ(read->expires_at, clock_.now() + 10min);
}

// RFC 8725 sections 3.1 and 3.2.
TEST_F(AccessJwtTest, OtherAlgorithmsThanTheKeysOwnAreRefused) {
  const std::string compact = make();
  const auto rest = compact.substr(compact.find('.'));
  const auto kid = keys_.active(kIssuer)->kid;
  for (const auto* algorithm : {"none", "HS256", "RS256", "PS256", "EdDSA", "ES384"}) {
    const json header = {{"alg", algorithm}, {"typ", "at+jwt"}, {"kid", kid}};
    EXPECT_EQ(refusal(base64url_encode(header.dump()) + rest), Errc::denied) << algorithm;
  }
  const json unsecured = {{"alg", "none"}, {"typ", "at+jwt"}, {"kid", kid}};
  EXPECT_EQ(refusal(base64url_encode(unsecured.dump()) + rest.substr(0, rest.rfind('.') + 1)), Errc::denied);
}

TEST_F(AccessJwtTest, StrangersKeysAndNamelessOnesAreRefused) {
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::p256);
  const auto payload = claims_of(make()).dump();
  const auto kid = keys_.active(kIssuer)->kid;
  const auto sign = [&](const crypto::PrivateKey& key, const std::string& name) {
    return crypto::sign_jws(key, crypto::JwsAlgorithm::es256, "at+jwt", name, payload);
  };
  EXPECT_EQ(refusal(sign(other, kid)), Errc::denied);
  EXPECT_EQ(refusal(sign(other, other.public_key().thumbprint())), Errc::denied);
  EXPECT_EQ(refusal(sign(keys_.active(kIssuer)->key, "")), Errc::denied);
}

// RFC 9068 section 4, RFC 8725 section 3.11.
TEST_F(AccessJwtTest, TheTypeMustBeThatOfAccessTokens) {
  const json claims = claims_of(make());
  EXPECT_TRUE(check(forged(claims, "application/at+jwt")));
  for (const auto* typ : {"", "JWT", "jwt", "oauth-id-jag+jwt", "logout+jwt"}) {
    EXPECT_EQ(refusal(forged(claims, typ)), Errc::denied) << typ;
  }
}

TEST_F(AccessJwtTest, IssuerAudienceAndTimesMustHold) {
  const json good = claims_of(make());
  const auto with = [&](const char* name, const json& value) {
    json claims = good;
    claims[name] = value;
    return refusal(forged(claims));
  };
  EXPECT_EQ(with("iss", "https://other.example.test"), Errc::denied);
  EXPECT_EQ(with("iss", std::string(kIssuer) + "/"), Errc::denied);
  EXPECT_EQ(with("aud", json::array({"https://ai.example.test/mcp", "https://b.test"})), Errc::denied);
  EXPECT_EQ(with("aud", json()), Errc::denied);
  EXPECT_EQ(with("exp", json()), Errc::denied);
  EXPECT_EQ(with("nbf", 1'800'000'100), Errc::denied);
  EXPECT_EQ(with("exp", 1'799'999'000), Errc::expired);
}

TEST_F(AccessJwtTest, ExpiresAMinuteLateForClocksThatDiffer) {
  const std::string compact = make();
  clock_.advance(10min + kClockSkew - 1ms);
  EXPECT_TRUE(check(compact));
  clock_.advance(1ms);
  EXPECT_EQ(refusal(compact), Errc::expired);
}

TEST_F(AccessJwtTest, IsGoodWhileItsKeyRetiresAndNotAfterItWasReplaced) {
  const std::string compact = make();
  ASSERT_TRUE(keys_.rotate(kIssuer, "ES256", 10min, 0s));
  EXPECT_TRUE(check(compact));
  EXPECT_TRUE(check(make()));
  ASSERT_TRUE(keys_.replace(kIssuer, "ES256", 10min));
  EXPECT_EQ(refusal(compact), Errc::denied);
}

TEST_F(AccessJwtTest, ItsShapeIsAcceptedOnlyWhereTokensAreSigned) {
  const std::string compact = make();
  EXPECT_TRUE(has_access_token_shape(compact, "mcpv1_", true));
  EXPECT_FALSE(has_access_token_shape(compact, "mcpv1_", false));
  const std::string opaque = "mcpv1_" + std::string(43, 'a');
  EXPECT_TRUE(has_access_token_shape(opaque, "mcpv1_", true));
  EXPECT_TRUE(has_access_token_shape(opaque, "mcpv1_", false));
  EXPECT_FALSE(has_access_token_shape("a.b.c", "mcpv1_", true));
}

}  // namespace
}  // namespace postern::token
