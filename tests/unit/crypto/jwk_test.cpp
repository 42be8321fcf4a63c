#include "crypto/jwk.hpp"

#include <gtest/gtest.h>

#include "unit/crypto/jose_samples.hpp"

namespace postern::crypto {
namespace {

using nlohmann::json;

json with(const char* sample, const char* name, json value) {
  json document = json::parse(sample);
  document[name] = std::move(value);
  return document;
}

json without(const char* sample, const char* name) {
  json document = json::parse(sample);
  document.erase(name);
  return document;
}

TEST(Jwk, ReadsTheThreeKindsWithKidAndAlgorithm) {
  const Jwk rsa = jwk(kRsaJwk);
  EXPECT_EQ(rsa.key.type(), KeyType::rsa);
  EXPECT_EQ(rsa.kid, "2011-04-29");
  EXPECT_EQ(rsa.algorithm, JwsAlgorithm::rs256);
  const Jwk ec = jwk(kEcJwk);
  EXPECT_EQ(ec.key.type(), KeyType::p256);
  EXPECT_TRUE(ec.kid.empty());
  EXPECT_FALSE(ec.algorithm);
  EXPECT_EQ(jwk(kEdJwk).key.type(), KeyType::ed25519);
}

TEST(Jwk, IsWrittenAsItIsRead) {
  for (const auto* sample : {kRsaJwk, kEcJwk, kEdJwk}) {
    const Jwk key = jwk(sample);
    const auto again = read_jwk(json::parse(to_json(key).dump()));
    ASSERT_TRUE(again) << sample;
    EXPECT_EQ(again->key, key.key);
    EXPECT_EQ(again->kid, key.kid);
    EXPECT_EQ(again->algorithm, key.algorithm);
    EXPECT_EQ(to_json(key)["use"], "sig");
  }
}

TEST(Jwk, MembersOfPrivateKeysAreRefusedAsSuch) {
  for (const auto* name : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
    for (const auto* sample : {kRsaJwk, kEcJwk, kEdJwk}) {
      const auto read = read_jwk(with(sample, name, "AA"));
      ASSERT_FALSE(read) << name;
      EXPECT_EQ(read.error().code, Errc::denied) << name;
    }
  }
}

TEST(Jwk, OtherKindsAndCurvesAreRefused) {
  for (const auto& document :
       {with(kEcJwk, "crv", "P-384"), with(kEcJwk, "crv", "secp256k1"), with(kEdJwk, "crv", "X25519"),
        with(kEdJwk, "crv", "Ed448"), with(kRsaJwk, "kty", "rsa"), with(kRsaJwk, "kty", "oct"), with(kRsaJwk, "kty", 1),
        without(kRsaJwk, "kty"), json("key"), json::array(), json()}) {
    EXPECT_FALSE(read_jwk(document)) << document;
  }
}

TEST(Jwk, ParametersAreStrictBase64Url) {
  for (const auto* name : {"x", "y"}) {
    const std::string value = json::parse(kEcJwk)[name];
    for (const auto& changed :
         {value + "=", value + " ", "+" + value.substr(1), value.substr(1), value + "A", std::string()}) {
      EXPECT_FALSE(read_jwk(with(kEcJwk, name, changed))) << changed;
    }
    EXPECT_FALSE(read_jwk(without(kEcJwk, name)));
    EXPECT_FALSE(read_jwk(with(kEcJwk, name, 7)));
  }
  EXPECT_FALSE(read_jwk(with(kRsaJwk, "n", std::string(100'000, 'A'))));
}

// RFC 7517 sections 4.2 and 4.3.
TEST(Jwk, MustBeForVerifyingSignatures) {
  EXPECT_TRUE(read_jwk(with(kEcJwk, "use", "sig")));
  EXPECT_FALSE(read_jwk(with(kEcJwk, "use", "enc")));
  EXPECT_FALSE(read_jwk(with(kEcJwk, "use", json::array({"sig"}))));
  EXPECT_FALSE(read_jwk(with(kEcJwk, "use", nullptr)));
  EXPECT_TRUE(read_jwk(with(kEcJwk, "key_ops", json::array({"verify"}))));
  EXPECT_FALSE(read_jwk(with(kEcJwk, "key_ops", json::array({"sign"}))));
  EXPECT_FALSE(read_jwk(with(kEcJwk, "key_ops", json::array())));
  EXPECT_FALSE(read_jwk(with(kEcJwk, "key_ops", "verify")));
}

TEST(Jwk, ItsAlgorithmMustFitItsKind) {
  EXPECT_TRUE(read_jwk(with(kRsaJwk, "alg", "PS256")));
  for (const auto& name : {json("ES256"), json("HS256"), json("none"), json("RS512"), json(""), json(1), json()}) {
    EXPECT_FALSE(read_jwk(with(kRsaJwk, "alg", name))) << name;
  }
}

TEST(Jwk, ItsKidIsAShortString) {
  EXPECT_TRUE(read_jwk(with(kEcJwk, "kid", std::string(256, 'k'))));
  EXPECT_FALSE(read_jwk(with(kEcJwk, "kid", std::string(257, 'k'))));
  EXPECT_FALSE(read_jwk(with(kEcJwk, "kid", 1)));
}

// RFC 7517 section 5.
TEST(JwkSet, LeavesOutWhatIsNotUnderstoodAndSaysSo) {
  json document;
  document["keys"] = {json::parse(kRsaJwk),        {{"kty", "oct"}}, with(kEcJwk, "use", "enc"), json::parse(kEdJwk), 1,
                      with(kEcJwk, "crv", "P-521")};
  const auto set = parse_jwk_set(document.dump());
  ASSERT_TRUE(set);
  ASSERT_EQ(set->keys.size(), 2U);
  EXPECT_EQ(set->keys[0].kid, "2011-04-29");
  EXPECT_EQ(set->keys[1].key.type(), KeyType::ed25519);
  EXPECT_EQ(set->skipped.size(), 4U);
}

TEST(JwkSet, APrivateKeyInItRefusesAll) {
  json document;
  document["keys"] = {json::parse(kRsaJwk), with(kEdJwk, "d", "AA")};
  const auto set = parse_jwk_set(document.dump());
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, Errc::denied);
}

TEST(JwkSet, IsOneStrictJsonObjectWithinBounds) {
  for (const auto* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})", R"({"keys":[]} x)"}) {
    EXPECT_FALSE(parse_jwk_set(text)) << text;
  }
  EXPECT_TRUE(parse_jwk_set(R"({"keys":[]})"));
  EXPECT_FALSE(parse_jwk_set(R"({"keys":[]})" + std::string(kLargestJwkSet, ' ')));
  json many;
  many["keys"] = std::vector<json>(64, json::parse(kEdJwk));
  EXPECT_TRUE(parse_jwk_set(many.dump()));
  many["keys"].push_back(json::parse(kEdJwk));
  EXPECT_FALSE(parse_jwk_set(many.dump()));
}

TEST(JwkSet, IsWrittenWithTheKeysInOrder) {
  const auto document = to_json(std::vector{jwk(kEdJwk), jwk(kRsaJwk)});
  ASSERT_EQ(document["keys"].size(), 2U);
  EXPECT_EQ(document["keys"][0]["kty"], "OKP");
  EXPECT_EQ(document["keys"][1]["kid"], "2011-04-29");
}

TEST(JwsAlgorithm, NamesAreExactAndNeverNoneOrAMac) {
  for (const JwsAlgorithm algorithm : kEveryJwsAlgorithm) EXPECT_EQ(jws_algorithm(to_string(algorithm)), algorithm);
  for (const auto* name : {"", "none", "None", "HS256", "rs256", "RS256 ", "RS384", "ES256K", "ES512"}) {
    EXPECT_FALSE(jws_algorithm(name)) << name;
  }
}

}  // namespace
}  // namespace postern::crypto
