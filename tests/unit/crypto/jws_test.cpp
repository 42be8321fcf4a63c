#include "crypto/jws.hpp"

#include <openssl/err.h>
#include <array>

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "unit/crypto/jose_samples.hpp"

namespace postern::crypto {
namespace {

constexpr auto* kClaims =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

// RFC 7515 appendix A.2.
constexpr auto* kRsaSigner =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})";
constexpr auto* kRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1"
    "dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzD"
    "wusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe7"
    "7Rw";
// RFC 7515 appendix A.3.
constexpr auto* kEcSignature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
// RFC 8037 appendix A.4.
constexpr auto* kEdJws =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

std::string rsa_jws() { return std::string("eyJhbGciOiJSUzI1NiJ9.") + kClaims + "." + kRsaSignature; }
std::string ec_jws() { return std::string("eyJhbGciOiJFUzI1NiJ9.") + kClaims + "." + kEcSignature; }

// True when that key made it.
bool signed_by(const std::string& compact, const Jwk& key) {
  const auto jws = Jws::read(compact, kEveryJwsAlgorithm);
  return jws && jws->signer(std::array{key}) != nullptr;
}

bool is_read(const std::string& compact) { return Jws::read(compact, kEveryJwsAlgorithm).has_value(); }

std::string with_header(std::string_view header) {
  return base64url_encode(header) + "." + kClaims + "." + kEcSignature;
}

TEST(Jws, VerifiesTheExamplesOfTheRfcs) {
  EXPECT_TRUE(signed_by(rsa_jws(), jwk(kRsaSigner)));
  EXPECT_TRUE(signed_by(ec_jws(), jwk(kEcJwk)));
  EXPECT_TRUE(signed_by(kEdJws, jwk(kEdJwk)));
  EXPECT_EQ(Jws::read(kEdJws, kEveryJwsAlgorithm)->payload(), "Example of Ed25519 signing");
}

// RFC 8037 appendices A.1 and A.4: EdDSA has but one signature for a text.
TEST(Jws, SignsTheExampleOfRfc8037) {
  const std::string der = std::string("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16) +
                          *base64url_decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
  const auto key = PrivateKey::from_pem(
      Secret("-----BEGIN PRIVATE KEY-----\n" + base64_encode(der) + "\n-----END PRIVATE KEY-----\n"));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->public_key(), jwk(kEdJwk).key);
  EXPECT_EQ(sign_jws(*key, JwsAlgorithm::eddsa, "", "", "Example of Ed25519 signing"), kEdJws);
}

TEST(Jws, WhatIsSignedVerifiesWithEveryAlgorithm) {
  const PrivateKey keys[] = {rsa_key(), PrivateKey::generate(KeyType::p256), PrivateKey::generate(KeyType::ed25519)};
  for (const JwsAlgorithm algorithm : kEveryJwsAlgorithm) {
    for (const PrivateKey& key : keys) {
      if (!fits(algorithm, key.type())) {
        EXPECT_ANY_THROW(sign(key, algorithm, "x"));
        continue;
      }
      const std::string compact = sign_jws(key, algorithm, "at+jwt", "k1", R"({"a":1})");
      const auto read = Jws::read(compact, kEveryJwsAlgorithm);
      ASSERT_TRUE(read) << to_string(algorithm);
      EXPECT_EQ(read->algorithm(), algorithm);
      EXPECT_EQ(read->kid(), "k1");
      EXPECT_EQ(read->typ(), "at+jwt");
      EXPECT_EQ(read->payload(), R"({"a":1})");
      EXPECT_TRUE(signed_by(compact, {key.public_key(), "k1"}));
      EXPECT_FALSE(signed_by(compact, {key.public_key(), "k2"})) << "another kid";
      const auto other =
          key.type() == KeyType::rsa ? jwk(kRsaSigner).key : PrivateKey::generate(key.type()).public_key();
      EXPECT_FALSE(signed_by(compact, {other, "k1"})) << "another key";
    }
  }
}

TEST(Jws, EveryChangeOfAByteOfTheTextBreaksIt) {
  const auto key = PrivateKey::generate(KeyType::p256);
  const std::string compact = sign_jws(key, JwsAlgorithm::es256, "at+jwt", "k1", R"({"sub":"alice"})");
  for (std::size_t i = 0; i < compact.size(); ++i) {
    std::string changed = compact;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(signed_by(changed, {key.public_key(), "k1"})) << i;
  }
}

// RFC 8725 section 2.1: the header does not choose.
TEST(Jws, TheAlgorithmMustBeAllowedHere) {
  constexpr JwsAlgorithm only[] = {JwsAlgorithm::es256};
  EXPECT_TRUE(Jws::read(ec_jws(), only));
  EXPECT_FALSE(Jws::read(rsa_jws(), only));
  EXPECT_FALSE(Jws::read(ec_jws(), {}));
  for (const auto* algorithm : {"none", "None", "nOnE", "HS256", "HS512", "ES384", "ES256K", "RS1", ""}) {
    EXPECT_FALSE(is_read(with_header(std::string(R"({"alg":")") + algorithm + "\"}"))) << algorithm;
  }
  for (const auto* header : {"{}", R"({"alg":null})", R"({"alg":["ES256"]})", R"({"ALG":"ES256"})"}) {
    EXPECT_FALSE(is_read(with_header(header))) << header;
  }
}

// RFC 7515 appendices A.1 (a MAC) and A.5 (unsecured).
TEST(Jws, MacsAndUnsecuredTokensAreRefused) {
  EXPECT_FALSE(is_read(std::string("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.") + kClaims +
                       ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
  EXPECT_FALSE(is_read(std::string("eyJhbGciOiJub25lIn0.") + kClaims + "."));
  EXPECT_FALSE(is_read(std::string("eyJhbGciOiJFUzI1NiJ9.") + kClaims + "."));
}

TEST(Jws, TheAlgorithmIsBoundToTheKeysKindAndToItsAlg) {
  EXPECT_FALSE(signed_by(ec_jws(), jwk(kRsaSigner)));
  EXPECT_FALSE(signed_by(rsa_jws(), jwk(kEcJwk)));
  Jwk key = jwk(kRsaSigner);
  key.algorithm = JwsAlgorithm::ps256;
  EXPECT_FALSE(signed_by(rsa_jws(), key));
  key.algorithm = JwsAlgorithm::rs256;
  EXPECT_TRUE(signed_by(rsa_jws(), key));
  EXPECT_FALSE(verify(key.key, JwsAlgorithm::es256, "x", std::string(64, 'x')));
}

// RFC 7515 section 4.1.11, RFC 7797 section 6.
TEST(Jws, ExtensionsOfTheHeaderAreRefused) {
  EXPECT_TRUE(is_read(with_header(R"({"alg":"ES256","x5t":"AA","jku":"https://evil.test","jwk":{}})")));
  EXPECT_FALSE(is_read(with_header(R"({"alg":"ES256","crit":["exp"]})")));
  EXPECT_FALSE(is_read(with_header(R"({"alg":"ES256","crit":[]})")));
  EXPECT_FALSE(is_read(with_header(R"({"alg":"ES256","b64":false})")));
}

TEST(Jws, TheHeaderIsOneStrictJsonObject) {
  for (const auto* header : {R"({"alg":"none","alg":"ES256"})", R"({"alg":"ES256","\u0061lg":"none"})",
                             R"({"alg":"ES256"} )"
                             "x",
                             R"(["ES256"])", "\xEF\xBB\xBF{\"alg\":\"ES256\"}", "", R"({"alg":"ES256","kid":1})",
                             R"({"alg":"ES256","typ":[]})"}) {
    EXPECT_FALSE(is_read(with_header(header))) << header;
  }
  EXPECT_FALSE(is_read(with_header(R"({"alg":"ES256","kid":")" + std::string(257, 'k') + "\"}")));
  EXPECT_FALSE(is_read(with_header(R"({"alg":"ES256","x":")" + std::string(5000, 'k') + "\"}")));
}

TEST(Jws, PartsAreStrictBase64UrlAndThree) {
  const std::string good = ec_jws();
  for (const auto& bad :
       {good + ".", good + ".AAAA", good.substr(0, good.rfind('.')), good + "=", good + " ", " " + good, good + "\n",
        "." + good, std::string(), std::string(".."), std::string("a.b.c")}) {
    EXPECT_FALSE(is_read(bad)) << bad;
  }
  // The last character of the signature holds four bits that belong to no byte.
  std::string stray = good;
  stray.back() = 'R';
  EXPECT_FALSE(is_read(stray));
  EXPECT_FALSE(is_read(good + std::string(kLongestJws, 'A')));
}

// RFC 7518 section 3.4.
TEST(Jws, EcdsaSignaturesAreTwoNumbersOf32Bytes) {
  const auto key = jwk(kEcJwk);
  const std::string text = ec_jws().substr(0, ec_jws().rfind('.'));
  const std::string raw = *base64url_decode(kEcSignature);
  EXPECT_TRUE(verify(key.key, JwsAlgorithm::es256, text, raw));
  EXPECT_FALSE(verify(key.key, JwsAlgorithm::es256, text, raw.substr(1)));
  EXPECT_FALSE(verify(key.key, JwsAlgorithm::es256, text, raw + '\0'));
  EXPECT_FALSE(verify(key.key, JwsAlgorithm::es256, text, std::string(64, '\0')));
  EXPECT_FALSE(verify(key.key, JwsAlgorithm::es256, text, std::string(64, '\xFF')));
  EXPECT_FALSE(verify(key.key, JwsAlgorithm::es256, text, ""));
}

TEST(Jws, ABadSignatureLeavesNoErrorBehindForTls) {
  ERR_clear_error();
  EXPECT_FALSE(signed_by(rsa_jws() + "AAAA", jwk(kRsaSigner)));
  EXPECT_FALSE(verify(jwk(kRsaSigner).key, JwsAlgorithm::ps256, "x", std::string(256, 'x')));
  EXPECT_FALSE(PrivateKey::from_pem(Secret("x")));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(Jws, ItsSignerIsFoundByKidOrAmongAllThatFit) {
  const auto first = PrivateKey::generate(KeyType::p256);
  const auto second = PrivateKey::generate(KeyType::p256);
  const std::vector<Jwk> keys = {{first.public_key(), "a"}, {jwk(kRsaSigner).key, "b"}, {second.public_key(), "b"}};
  const auto named = Jws::read(sign_jws(second, JwsAlgorithm::es256, "", "b", "{}"), kEveryJwsAlgorithm);
  EXPECT_EQ(named->candidates(keys), std::vector{&keys[2]});
  EXPECT_EQ(named->signer(keys), &keys[2]);
  const auto nameless = Jws::read(sign_jws(second, JwsAlgorithm::es256, "", "", "{}"), kEveryJwsAlgorithm);
  EXPECT_EQ(nameless->candidates(keys).size(), 2U);
  EXPECT_EQ(nameless->signer(keys), &keys[2]);
  const auto unknown = Jws::read(sign_jws(second, JwsAlgorithm::es256, "", "c", "{}"), kEveryJwsAlgorithm);
  EXPECT_TRUE(unknown->candidates(keys).empty());
  EXPECT_EQ(unknown->signer(keys), nullptr);
}

// RFC 7515 section 4.1.9.
TEST(Jws, TypesCompareWithoutCaseAndWithoutApplication) {
  const auto typed = [](const char* typ) {
    return *Jws::read(sign_jws(PrivateKey::generate(KeyType::ed25519), JwsAlgorithm::eddsa, typ, "", "{}"),
                      kEveryJwsAlgorithm);
  };
  for (const auto* typ : {"at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"}) {
    EXPECT_TRUE(typed(typ).has_type("at+jwt")) << typ;
    EXPECT_TRUE(typed(typ).has_type("application/at+jwt")) << typ;
  }
  for (const auto* typ : {"", "JWT", "at+jwt ", "application/", "x/at+jwt", "application/application/at+jwt"}) {
    EXPECT_FALSE(typed(typ).has_type("at+jwt")) << typ;
  }
}

TEST(Jws, TheShapeIsThreePartsThatBeginAsAnObject) {
  EXPECT_TRUE(has_jws_shape(ec_jws()));
  for (const auto* text :
       {"", "mcpv1_abc", "a.b.c", "eyJ.b", "eyJ..c", "eyJ.b.", "eyJ.b.c.d", "eyJ.b.c=", "eyJ.b c.d"}) {
    EXPECT_FALSE(has_jws_shape(text)) << text;
  }
}

}  // namespace
}  // namespace postern::crypto
