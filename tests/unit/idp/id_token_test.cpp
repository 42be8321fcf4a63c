#include "idp/id_token.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/token/manual_clock.hpp"

namespace postern::idp {
namespace {

using nlohmann::json;

class IdTokenTest : public testing::Test {
 protected:
  IdTokenTest() {
    provider_.name = "entra";
    provider_.issuer = "https://login.example";
    provider_.client_id = "postern";
  }

  // "ok", or the name of the error.
  std::string outcome(const json& changes = {}, const std::string& typ = "JWT") const {
    const auto now = to_seconds(clock_.now());
    json claims = {{"iss", "https://login.example"},
                   {"aud", "postern"},
                   {"sub", "a"},
                   {"nonce", "n-1"},
                   {"iat", now},
                   {"exp", now + 300}};
    if (changes.is_object()) claims.update(changes);
    for (auto it = claims.begin(); it != claims.end();) it = it->is_null() ? claims.erase(it) : std::next(it);
    const auto compact = crypto::sign_jws(key_, crypto::JwsAlgorithm::es256, typ, "k", claims.dump());
    const auto jws = read_id_token(compact, provider_);
    if (!jws) return to_string(jws.error().code);
    const auto read = id_token_claims(*jws, provider_, "n-1", clock_.now());
    return read ? "ok" : to_string(read.error().code);
  }

  tests::ManualClock clock_;
  crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::p256);
  config::Provider provider_;
};

TEST_F(IdTokenTest, OfThatProviderForThisClientAndSignIn) {
  EXPECT_EQ(outcome(), "ok");
  EXPECT_EQ(outcome({}, ""), "ok");
  EXPECT_EQ(outcome({{"iss", "https://login.example/"}}), "denied");
  EXPECT_EQ(outcome({{"nonce", "n-2"}}), "denied");
  EXPECT_EQ(outcome({{"nonce", nullptr}}), "denied");
}

// OpenID Connect Core section 3.1.3.7, numbers 3 to 5.
TEST_F(IdTokenTest, AnAudienceBesideThisClientNeedsAzp) {
  EXPECT_EQ(outcome({{"aud", {"postern"}}}), "ok");
  EXPECT_EQ(outcome({{"aud", {"postern", "x"}}}), "denied");
  EXPECT_EQ(outcome({{"aud", {"postern", "x"}}, {"azp", "postern"}}), "ok");
  EXPECT_EQ(outcome({{"azp", "x"}}), "denied");
  EXPECT_EQ(outcome({{"azp", 7}}), "denied");
  for (const json& aud : {json("x"), json::array(), json(nullptr)}) EXPECT_EQ(outcome({{"aud", aud}}), "denied");
}

TEST_F(IdTokenTest, AlgorithmAndTypeAreNotTheTokensToChoose) {
  for (const char* typ : {"at+jwt", "logout+jwt"}) EXPECT_EQ(outcome({}, typ), "denied") << typ;
  provider_.algorithms = {"RS256"};
  EXPECT_EQ(outcome(), "denied");
}

TEST_F(IdTokenTest, ItWasMadeJustNow) {
  const auto now = to_seconds(clock_.now());
  EXPECT_EQ(outcome({{"exp", now - 61}}), "expired");
  EXPECT_EQ(outcome({{"iat", now - 661}}), "expired");
  EXPECT_EQ(outcome({{"iat", now + 61}}), "denied");
  EXPECT_EQ(outcome({{"iat", nullptr}}), "denied");
  EXPECT_EQ(outcome({{"exp", nullptr}}), "denied");
}

}  // namespace
}  // namespace postern::idp
