#include "crypto/jws.hpp"
#include "token/opaque.hpp"
#include "unit/oauth/fixture.hpp"

namespace postern::oauth {
namespace {

class SignedTokensTest : public OAuthTest {
 protected:
  SignedTokensTest() {
    server().access_token.format = config::TokenFormat::jwt;
    EXPECT_TRUE(keys_.prepare(kIssuer, "ES256", server().access_token.lifetime));
    add_confidential_client("checker", "s3cret", false);
  }
  static json claims_of(const std::string& token) {
    return json::parse(crypto::Jws::read(token, crypto::kEveryJwsAlgorithm)->payload());
  }
  bool active(const std::string& token) {
    const auto response =
        introspect(post({{"token", token}, {"client_id", "checker"}, {"client_secret", "s3cret"}}), context());
    EXPECT_EQ(response.status, 200) << response.body;
    return json::parse(response.body)["active"];
  }
};

TEST_F(SignedTokensTest, ACodeAndARefreshBringSignedTokens) {
  const json first = new_tokens();
  const json claims = claims_of(first["access_token"]);
  EXPECT_EQ(claims["iss"], kIssuer);
  EXPECT_EQ(claims["sub"], "local:alice");
  EXPECT_EQ(claims["aud"], kResource);
  EXPECT_EQ(claims["client_id"], "client_a");
  EXPECT_EQ(claims["scope"], "connect read");
  EXPECT_EQ(claims["tenant"], "acme");
  EXPECT_TRUE(first["refresh_token"].get<std::string>().starts_with(token::kRefreshPrefix)) << "these stay opaque";
  const json second = granted(token_request(refresh_request(first["refresh_token"])));
  EXPECT_EQ(claims_of(second["access_token"])["sub"], "local:alice");
  EXPECT_NE(second["access_token"], first["access_token"]);
}

// RFC 9449 section 5: a server that checks no proofs issues bearer tokens whatever the client sends, and says so.
TEST_F(SignedTokensTest, Compat20OurOwnTokensAreBoundToNoKeyAndDoNotClaimToBe) {
  auto request = post(code_request(new_code()));
  request.fields.emplace_back("DPoP", "a.b.c");
  const json reply = granted(token(request, context()));
  EXPECT_EQ(reply["token_type"], "Bearer");
  const std::string access = reply["access_token"];
  EXPECT_FALSE(claims_of(access).contains("cnf"));
  const json described = json::parse(
      introspect(post({{"token", access}, {"client_id", "checker"}, {"client_secret", "s3cret"}}), context()).body);
  ASSERT_TRUE(described["active"]);
  EXPECT_EQ(described["token_type"], "Bearer");
  EXPECT_FALSE(described.contains("cnf"));
}

// Signed well, and still unknown to the store: a stolen key alone opens nothing.
TEST_F(SignedTokensTest, ATokenTheStoreDoesNotKnowIsRefused) {
  const json claims = claims_of(new_tokens()["access_token"]);
  const auto signer = keys_.active(kIssuer).value();
  const auto made = crypto::sign_jws(signer.key, signer.algorithm, "at+jwt", signer.kid, claims.dump());
  EXPECT_FALSE(active(made));
}

TEST_F(SignedTokensTest, RevokingAndLosingMembershipCountAtOnce) {
  const json reply = new_tokens();
  const std::string access = reply["access_token"];
  EXPECT_TRUE(active(access));
  EXPECT_EQ(revoke(post({{"token", access}, {"client_id", "client_a"}}), context()).status, 200);
  EXPECT_FALSE(active(access));
  const std::string next = granted(token_request(refresh_request(reply["refresh_token"])))["access_token"];
  EXPECT_TRUE(active(next));
  ASSERT_TRUE(store_->users().set_disabled("local:alice", true));
  EXPECT_FALSE(active(next));
}

TEST_F(SignedTokensTest, ReplacingTheKeyEndsThemAll) {
  const std::string access = new_tokens()["access_token"];
  ASSERT_TRUE(keys_.replace(kIssuer, "ES256", 10min));
  EXPECT_FALSE(active(access));
  EXPECT_TRUE(active(new_tokens()["access_token"]));
}

TEST_F(SignedTokensTest, AMintedTokenOutlivesRotations) {
  store::Grant grant;
  grant.user = "local:alice";
  grant.tenant = "acme";
  grant.resource = kResource;
  grant.scopes = {"connect"};
  const auto minted = mint_token(grant, 30 * 24h, context());
  ASSERT_TRUE(minted) << minted.error().what;
  EXPECT_EQ(claims_of(*minted)["client_id"], "postern");
  ASSERT_TRUE(keys_.rotate(kIssuer, "ES256", 10min, 0s));
  clock_.advance(29 * 24h);
  keys_.forget();
  EXPECT_TRUE(active(*minted));
}

TEST_F(SignedTokensTest, OpaqueTokensOfBeforeStayGood) {
  server().access_token.format = config::TokenFormat::opaque;
  const std::string opaque = new_tokens()["access_token"];
  server().access_token.format = config::TokenFormat::jwt;
  EXPECT_TRUE(active(opaque));
}

TEST_F(SignedTokensTest, ThePublishedKeysVerifyThemAndHoldNoPrivatePart) {
  const auto response = jwks({}, context());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Cache-Control"), "public, max-age=300");
  const auto set = crypto::parse_jwk_set(response.body);
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->skipped.empty());
  const std::string access = new_tokens()["access_token"];
  EXPECT_NE(crypto::Jws::read(access, crypto::kEveryJwsAlgorithm)->signer(set->keys), nullptr);
  const json published = json::parse(response.body);
  for (const auto& key : published["keys"]) {
    EXPECT_FALSE(key.contains("d"));
    EXPECT_EQ(key["use"], "sig");
    EXPECT_EQ(key["alg"], "ES256");
  }
}

TEST_F(SignedTokensTest, TheMetadataNamesTheKeysOnlyWhereTokensAreSigned) {
  EXPECT_EQ(json::parse(server_metadata({}, context()).body)["jwks_uri"], "https://ai.example.test/oauth/jwks");
  server().access_token.format = config::TokenFormat::opaque;
  EXPECT_FALSE(json::parse(server_metadata({}, context()).body).contains("jwks_uri"));
}

}  // namespace
}  // namespace postern::oauth
