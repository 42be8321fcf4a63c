#include "oauth/client_assertion.hpp"

#include "crypto/jws.hpp"
#include "unit/oauth/fixture.hpp"

namespace postern::oauth {
namespace {

using crypto::JwsAlgorithm;
using crypto::KeyType;

// Keys that come from elsewhere and may be asked for again.
class FetchedKeys final : public ClientKeys {
 public:
  Result<std::vector<crypto::Jwk>> keys_of(const store::Client&, bool fresh) const override {
    ++asked;
    if (away) return fail(Errc::unavailable, "the keys are away");
    return fresh ? current : held;
  }
  bool fetches() const noexcept override { return true; }

  mutable int asked = 0;
  bool away = false;
  std::vector<crypto::Jwk> held;
  std::vector<crypto::Jwk> current;
};

class ClientAssertionTest : public OAuthTest {
 protected:
  ClientAssertionTest() { add_client_with_keys("client_k", {{key_.public_key(), "k1"}}); }

  void add_client_with_keys(const std::string& id, const std::vector<crypto::Jwk>& keys) {
    auto client = public_client(id);
    client.auth = store::ClientAuth::private_key_jwt;
    client.jwks = crypto::to_json(keys).dump();
    EXPECT_TRUE(store_->clients().add(client));
  }

  json claims() {
    return {{"iss", "client_k"},
            {"sub", "client_k"},
            {"aud", kIssuer},
            {"exp", to_seconds(clock_.now()) + 300},
            {"iat", to_seconds(clock_.now())},
            {"jti", "jti-" + std::to_string(++jti_)}};
  }
  json with(const char* name, const json& value) {
    json changed = claims();
    if (value.is_null()) {
      changed.erase(name);
    } else {
      changed[name] = value;
    }
    return changed;
  }
  std::string assertion(const json& claims, const char* typ = "JWT", const char* kid = "") {
    return crypto::sign_jws(key_, JwsAlgorithm::es256, typ, kid, claims.dump());
  }
  static Pairs sent(const std::string& assertion, const Pairs& more = {}) {
    Pairs pairs{{"client_assertion_type", std::string(kJwtBearerAssertion)}, {"client_assertion", assertion}};
    pairs.insert(pairs.end(), more.begin(), more.end());
    return pairs;
  }
  // "passed": the client is known, and only its grant type is not.
  std::string outcome(const Pairs& pairs, const ClientKeys* keys = nullptr) {
    Pairs whole = pairs;
    whole.emplace_back("grant_type", "none");
    const Context plain = context();
    const Context with_keys{plain.server, plain.catalog, plain.directory,
                            plain.store,  plain.seal,    plain.clock,
                            plain.log,    plain.keys,    keys == nullptr ? plain.client_keys : *keys};
    const auto error = error_of(token(post(whole), with_keys));
    return error == "400 unsupported_grant_type" ? "passed" : error;
  }
  std::string outcome_of(const json& claims) { return outcome(sent(assertion(claims))); }

  const crypto::PrivateKey key_ = crypto::PrivateKey::generate(KeyType::p256);
  int jti_ = 0;
};

TEST_F(ClientAssertionTest, AClientProvesItselfWithARegisteredKey) {
  EXPECT_EQ(outcome_of(claims()), "passed");
  EXPECT_EQ(outcome(sent(assertion(claims()), {{"client_id", "client_k"}})), "passed");
  EXPECT_EQ(outcome(sent(assertion(claims(), "JWT", "k1"))), "passed");
}

TEST_F(ClientAssertionTest, EveryAdvertisedAlgorithmWorks) {
  for (const JwsAlgorithm algorithm : crypto::kEveryJwsAlgorithm) {
    const auto type = crypto::fits(algorithm, KeyType::rsa)    ? KeyType::rsa
                      : crypto::fits(algorithm, KeyType::p256) ? KeyType::p256
                                                               : KeyType::ed25519;
    const auto key = crypto::PrivateKey::generate(type);
    const std::string id = "client_" + std::string(crypto::to_string(algorithm));
    add_client_with_keys(id, {{key.public_key()}});
    json mine = claims();
    mine["iss"] = mine["sub"] = id;
    EXPECT_EQ(outcome(sent(crypto::sign_jws(key, algorithm, "JWT", "", mine.dump()))), "passed") << id;
  }
}

// RFC 7523 section 3, numbers 1 and 2.
TEST_F(ClientAssertionTest, IssuerSubjectAndClientIdAreOne) {
  EXPECT_EQ(outcome_of(with("iss", "client_a")), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("sub", "client_a")), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("iss", nullptr)), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("sub", nullptr)), "401 invalid_client");
  EXPECT_EQ(outcome(sent(assertion(claims()), {{"client_id", "client_a"}})), "401 invalid_client");
}

// RFC 7523 section 3, number 3.
TEST_F(ClientAssertionTest, TheAudienceIsTheIssuerOrTheTokenEndpointExactly) {
  EXPECT_EQ(outcome_of(with("aud", "https://ai.example.test/oauth/token")), "passed");
  EXPECT_EQ(outcome_of(with("aud", json::array({"https://ai.example.test/oauth/token"}))), "passed");
  EXPECT_EQ(outcome_of(with("aud", json::array({kIssuer}))), "passed");
  for (const json& bad :
       {json("https://ai.example.test/"), json("https://ai.example.test//oauth/token"), json("https://AI.example.test"),
        json("https://ai.example.test/oauth/token/"), json("https://other.example.test"),
        json::array({kIssuer, "https://other.example.test"}), json::array(), json(), json(1)}) {
    EXPECT_EQ(outcome_of(with("aud", bad)), "401 invalid_client") << bad;
  }
}

// RFC 7523 section 3, numbers 4 to 6.
TEST_F(ClientAssertionTest, TimesAreBounded) {
  const auto now = to_seconds(clock_.now());
  EXPECT_EQ(outcome_of(with("exp", nullptr)), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("exp", "soon")), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("exp", now - 30)), "passed") << "clocks may differ a little";
  EXPECT_EQ(outcome_of(with("exp", now - 60)), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("exp", now + 3600)), "passed");
  EXPECT_EQ(outcome_of(with("exp", now + 3661)), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("iat", now + 61)), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("nbf", now + 61)), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("iat", nullptr)), "passed");
}

// RFC 7523 section 3, number 7.
TEST_F(ClientAssertionTest, AnAssertionIsUsedOnce) {
  const auto once = sent(assertion(claims()));
  EXPECT_EQ(outcome(once), "passed");
  EXPECT_EQ(outcome(once), "401 invalid_client");
  clock_.advance(200s);
  EXPECT_EQ(outcome(once), "401 invalid_client");
  const json same_id = with("jti", "jti-1");
  EXPECT_EQ(outcome_of(same_id), "401 invalid_client") << "the jti counts, not the text";
}

TEST_F(ClientAssertionTest, AJtiIsRequiredAndShort) {
  EXPECT_EQ(outcome_of(with("jti", nullptr)), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("jti", "")), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("jti", 7)), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("jti", std::string(257, 'j'))), "401 invalid_client");
  EXPECT_EQ(outcome_of(with("jti", std::string(256, 'j'))), "passed");
}

TEST_F(ClientAssertionTest, AJtiIsTheClientsOwn) {
  const auto key = crypto::PrivateKey::generate(KeyType::ed25519);
  add_client_with_keys("client_l", {{key.public_key()}});
  EXPECT_EQ(outcome_of(with("jti", "same")), "passed");
  json mine = with("jti", "same");
  mine["iss"] = mine["sub"] = "client_l";
  EXPECT_EQ(outcome(sent(crypto::sign_jws(key, JwsAlgorithm::eddsa, "", "", mine.dump()))), "passed");
}

TEST_F(ClientAssertionTest, WhoDoesNotHoldTheKeyUsesNothingUp) {
  const auto stranger = crypto::PrivateKey::generate(KeyType::p256);
  const auto good = claims();
  EXPECT_EQ(outcome(sent(crypto::sign_jws(stranger, JwsAlgorithm::es256, "JWT", "", good.dump()))),
            "401 invalid_client");
  EXPECT_EQ(outcome(sent(crypto::sign_jws(stranger, JwsAlgorithm::es256, "JWT", "k1", good.dump()))),
            "401 invalid_client");
  EXPECT_EQ(outcome_of(good), "passed");
}

// RFC 8725 section 3.11: an access token of ours is no assertion, whoever signed it.
TEST_F(ClientAssertionTest, OtherTypesOfJwtAreRefused) {
  EXPECT_EQ(outcome(sent(assertion(claims(), ""))), "passed");
  EXPECT_EQ(outcome(sent(assertion(claims(), "client-authentication+jwt"))), "passed");
  for (const auto* typ : {"at+jwt", "oauth-id-jag+jwt", "dpop+jwt"}) {
    EXPECT_EQ(outcome(sent(assertion(claims(), typ))), "401 invalid_client") << typ;
  }
}

TEST_F(ClientAssertionTest, WhatIsNoSignedJwtIsRefused) {
  const std::string good = assertion(claims());
  const std::string payload = good.substr(good.find('.'), good.rfind('.') - good.find('.') + 1);
  for (const auto& bad :
       {std::string("x"), std::string("a.b.c"), good + "A", std::string(20'000, 'x'),
        base64url_encode(R"({"alg":"none"})") + payload, base64url_encode(R"({"alg":"HS256"})") + payload + "AAAA"}) {
    EXPECT_EQ(outcome(sent(bad)), "401 invalid_client") << bad.substr(0, 40);
  }
}

// RFC 7521 section 4.2, RFC 6749 section 2.3.
TEST_F(ClientAssertionTest, AnAssertionStandsAlone) {
  EXPECT_EQ(outcome({{"client_assertion", assertion(claims())}}), "400 invalid_request");
  EXPECT_EQ(outcome({{"client_assertion_type", std::string(kJwtBearerAssertion)}}), "400 invalid_request");
  EXPECT_EQ(outcome(sent(assertion(claims()), {{"client_secret", "x"}})), "400 invalid_request");
  EXPECT_EQ(outcome({{"client_assertion_type", "urn:other"}, {"client_assertion", assertion(claims())}}),
            "401 invalid_client");
}

TEST_F(ClientAssertionTest, OtherClientsDoNotSignAndThisOneDoesNothingElse) {
  json mine = claims();
  mine["iss"] = mine["sub"] = "client_a";
  EXPECT_EQ(outcome_of(mine), "401 invalid_client");
  EXPECT_EQ(outcome({{"client_id", "client_k"}}), "401 invalid_client");
  EXPECT_EQ(outcome({{"client_id", "client_k"}, {"client_secret", ""}}), "401 invalid_client");
  EXPECT_EQ(outcome({{"client_id", "client_k"}, {"client_secret", "x"}}), "401 invalid_client");
}

TEST_F(ClientAssertionTest, WorksAtRevocationAndIntrospectionToo) {
  const auto gone = revoke(post(sent(assertion(claims()), {{"token", "mcpv1_x"}})), context());
  EXPECT_EQ(gone.status, 200) << gone.body;
  const auto looked = introspect(post(sent(assertion(claims()), {{"token", "mcpv1_x"}})), context());
  EXPECT_EQ(looked.body, R"({"active":false})");
}

TEST_F(ClientAssertionTest, KeysThatAreFetchedAreAskedAgainForAnUnknownOne) {
  const auto old = crypto::PrivateKey::generate(KeyType::p256);
  FetchedKeys keys;
  keys.held = {{old.public_key(), "k0"}};
  keys.current = {{key_.public_key(), "k1"}};
  EXPECT_EQ(outcome(sent(assertion(claims(), "JWT", "k1")), &keys), "passed");
  EXPECT_EQ(keys.asked, 2);
  keys.held = keys.current;
  EXPECT_EQ(outcome(sent(assertion(claims(), "JWT", "k1")), &keys), "passed");
  EXPECT_EQ(keys.asked, 3);
}

TEST_F(ClientAssertionTest, AForgerWithAKnownKidMakesNobodyFetch) {
  FetchedKeys keys;
  keys.held = keys.current = {{crypto::PrivateKey::generate(KeyType::p256).public_key(), "k1"}};
  EXPECT_EQ(outcome(sent(assertion(claims(), "JWT", "k1")), &keys), "401 invalid_client");
  EXPECT_EQ(keys.asked, 1);
}

TEST_F(ClientAssertionTest, KeysThatAreAwayAreNotTheClientsFault) {
  FetchedKeys keys;
  keys.away = true;
  EXPECT_EQ(outcome(sent(assertion(claims())), &keys), "503 temporarily_unavailable");
}

TEST_F(ClientAssertionTest, TheReasonIsInTheLogAndTheAssertionIsNot) {
  const auto text = assertion(with("aud", "https://other.example.test"));
  EXPECT_EQ(outcome(sent(text)), "401 invalid_client");
  EXPECT_NE(log_.text().find("aud is neither the issuer nor the token endpoint"), std::string::npos);
  EXPECT_EQ(log_.text().find(text.substr(0, 30)), std::string::npos);
}

}  // namespace
}  // namespace postern::oauth
