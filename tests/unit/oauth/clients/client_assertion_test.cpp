#include "oauth/clients/client_assertion.hpp"

#include "crypto/jws.hpp"
#include "unit/oauth/fixture.hpp"

namespace postern::oauth {
namespace {

using crypto::JwsAlgorithm;
using crypto::KeyType;

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
  std::string outcome(const Pairs& pairs) {
    Pairs whole = pairs;
    whole.emplace_back("grant_type", "none");
    const auto error = error_of(token(post(whole), context()));
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

// Clients that publish their keys: what is fetched is brought as the gateway does it.
class PublishedKeysTest : public ClientAssertionTest {
 protected:
  PublishedKeysTest() {
    auto client = public_client("client_p");
    client.auth = store::ClientAuth::private_key_jwt;
    client.jwks_uri = kKeysAt;
    EXPECT_TRUE(store_->clients().add(client));
  }
  static std::string set_of(const crypto::PrivateKey& key, const std::string& kid) {
    return crypto::to_json({{key.public_key(), kid}}).dump();
  }
  // Asks until nothing is wanted; what is published is brought each time, as are clients' documents.
  std::string asked(const json& claims, const char* kid = "k1") {
    const auto pairs = sent(assertion(claims, "JWT", kid));
    documents_ = {};
    fetches_.clear();
    for (auto answer = outcome(pairs);; answer = outcome(pairs)) {
      if (!documents_.wanted()) return answer;
      EXPECT_EQ(answer, "503 temporarily_unavailable") << "nothing is decided yet";
      const auto wanted = *documents_.wanted();
      fetches_.push_back(wanted);
      const auto& text = wanted.kind == DocumentKind::client ? document_ : wanted.fresh ? current_ : held_;
      documents_.bring(text);
    }
  }
  json claims_of(const std::string& id) {
    json mine = claims();
    mine["iss"] = mine["sub"] = id;
    return mine;
  }
  static Result<DocumentText> text(std::string body) { return std::make_shared<const std::string>(std::move(body)); }

  static constexpr const char* kKeysAt = "https://app.example.test/jwks.json";
  static constexpr const char* kDescribed = "https://app.example.test/client.json";
  Result<DocumentText> held_ = text(set_of(key_, "k1"));
  Result<DocumentText> current_ = text(set_of(key_, "k1"));
  Result<DocumentText> document_ = fail(Errc::unavailable, "away");
  std::vector<WantedDocument> fetches_;
};

TEST_F(PublishedKeysTest, AreFetchedFromWhereTheClientRegisteredThem) {
  EXPECT_EQ(asked(claims_of("client_p")), "passed");
  EXPECT_EQ(fetches_, std::vector<WantedDocument>({{DocumentKind::keys, kKeysAt, false}}));
}

TEST_F(PublishedKeysTest, AreAskedForAgainWhenNoneOfThemFits) {
  held_ = text(set_of(crypto::PrivateKey::generate(KeyType::p256), "k0"));
  EXPECT_EQ(asked(claims_of("client_p")), "passed");
  EXPECT_EQ(fetches_,
            std::vector<WantedDocument>({{DocumentKind::keys, kKeysAt, false}, {DocumentKind::keys, kKeysAt, true}}));
}

TEST_F(PublishedKeysTest, AForgerWithAKnownKidMakesNobodyFetchAgain) {
  held_ = text(set_of(crypto::PrivateKey::generate(KeyType::p256), "k1"));
  EXPECT_EQ(asked(claims_of("client_p")), "401 invalid_client");
  EXPECT_EQ(fetches_.size(), 1U);
}

TEST_F(PublishedKeysTest, ThatCannotBeHadAreOneAnswerAndOnlyTheLogHearsWhy) {
  for (const auto code :
       {Errc::invalid, Errc::denied, Errc::protocol, Errc::too_large, Errc::unavailable, Errc::timed_out}) {
    held_ = fail(code, "10.0.0.1 is private");
    EXPECT_EQ(asked(claims_of("client_p")), "401 invalid_client");
    const auto answer = token(post(sent(assertion(claims_of("client_p")), {{"grant_type", "none"}})), context());
    EXPECT_EQ(answer.body.find("10.0.0.1"), std::string::npos) << answer.body;
    EXPECT_NE(log_.text().find("10.0.0.1 is private"), std::string::npos);
  }
  for (const auto code : {Errc::busy, Errc::cancelled}) {
    held_ = fail(code, "full");
    EXPECT_EQ(asked(claims_of("client_p")), "503 temporarily_unavailable") << "the fault is ours";
  }
  held_ = text("{}");
  EXPECT_EQ(asked(claims_of("client_p")), "401 invalid_client");
}

TEST_F(PublishedKeysTest, ADescribedClientSignsWithThoseOfItsDocument) {
  json document = {{"client_id", kDescribed},
                   {"client_name", "Desk"},
                   {"redirect_uris", {"https://app.example.test/cb"}},
                   {"token_endpoint_auth_method", "private_key_jwt"},
                   {"jwks_uri", kKeysAt}};
  document_ = text(document.dump());
  EXPECT_EQ(asked(claims_of(kDescribed)), "passed");
  EXPECT_EQ(fetches_, std::vector<WantedDocument>(
                          {{DocumentKind::client, kDescribed, false}, {DocumentKind::keys, kKeysAt, false}}));
  EXPECT_EQ(outcome({{"client_id", kDescribed}}), "401 invalid_client") << "it has to sign";

  document["token_endpoint_auth_methods_supported"] = {"none", "private_key_jwt"};
  document_ = text(document.dump());
  EXPECT_EQ(asked(claims_of(kDescribed)), "passed") << "it offers both ways, and chose this one";
  EXPECT_EQ(outcome({{"client_id", kDescribed}}), "passed");

  document["token_endpoint_auth_methods_supported"] = {"none"};
  document["token_endpoint_auth_method"] = "none";
  document_ = text(document.dump());
  EXPECT_EQ(asked(claims_of(kDescribed)), "401 invalid_client") << "it never said that it signs";
  document_ = fail(Errc::protocol, "404");
  EXPECT_EQ(asked(claims_of(kDescribed)), "401 invalid_client");
}

TEST_F(ClientAssertionTest, TheReasonIsInTheLogAndTheAssertionIsNot) {
  const auto text = assertion(with("aud", "https://other.example.test"));
  EXPECT_EQ(outcome(sent(text)), "401 invalid_client");
  EXPECT_NE(log_.text().find("aud is neither the issuer nor the token endpoint"), std::string::npos);
  EXPECT_EQ(log_.text().find(text.substr(0, 30)), std::string::npos);
}

}  // namespace
}  // namespace postern::oauth
