#include "crypto/key.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "crypto/jws.hpp"
#include "crypto/openssl.hpp"
#include "unit/crypto/jose_samples.hpp"

namespace postern::crypto {
namespace {

constexpr KeyType kEveryType[] = {KeyType::rsa, KeyType::p256, KeyType::ed25519};

std::string from_base64url(const std::string& text) { return base64url_decode(text).value(); }

// A key of any kind OpenSSL can make, as PEM.
Secret pem_of(EVP_PKEY* made) {
  const Owned<EVP_PKEY, EVP_PKEY_free> key(made);
  const Owned<BIO, BIO_free_all> text(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PKCS8PrivateKey(text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "PEM");
  char* data = nullptr;
  const long length = BIO_get_mem_data(text.get(), &data);
  return Secret(std::string(data, static_cast<std::size_t>(length)));
}

TEST(PublicKey, RsaModulusHas2048To8192BitsAndNoLeadingZero) {
  const std::string good = from_base64url(nlohmann::json::parse(kRsaJwk)["n"]);
  EXPECT_TRUE(PublicKey::rsa(good, std::string("\x01\x00\x01", 3)));
  EXPECT_FALSE(PublicKey::rsa(good.substr(1), std::string("\x01\x00\x01", 3)));
  EXPECT_FALSE(PublicKey::rsa(std::string(1, '\0') + good, std::string("\x01\x00\x01", 3)));
  EXPECT_TRUE(PublicKey::rsa(std::string(1024, '\xFF'), std::string("\x01\x00\x01", 3)));
  EXPECT_FALSE(PublicKey::rsa(std::string(1025, '\xFF'), std::string("\x01\x00\x01", 3)));
  EXPECT_FALSE(PublicKey::rsa(std::string(256, '\xFE'), std::string("\x01\x00\x01", 3))) << "even";
  EXPECT_FALSE(PublicKey::rsa("", std::string("\x01\x00\x01", 3)));
}

TEST(PublicKey, RsaExponentIsOddFrom3To32Bits) {
  const std::string n = from_base64url(nlohmann::json::parse(kRsaJwk)["n"]);
  for (const auto& good : {std::string("\x03"), std::string("\x11"), std::string("\xFF\xFF\xFF\xFF")}) {
    EXPECT_TRUE(PublicKey::rsa(n, good)) << hex_encode(good);
  }
  for (const auto& bad : {std::string(), std::string(1, '\0'), std::string("\x01"), std::string("\x02"),
                          std::string("\x01\x00", 2), std::string("\x00\x03", 2), std::string(5, '\xFF')}) {
    EXPECT_FALSE(PublicKey::rsa(n, bad)) << hex_encode(bad);
  }
}

TEST(PublicKey, APointMustLieOnItsCurve) {
  const auto document = nlohmann::json::parse(kEcJwk);
  const std::string x = from_base64url(document["x"]);
  const std::string y = from_base64url(document["y"]);
  EXPECT_TRUE(PublicKey::p256(x, y));
  EXPECT_FALSE(PublicKey::p256(y, x));
  EXPECT_FALSE(PublicKey::p256(std::string(32, '\0'), std::string(32, '\0')));
  EXPECT_FALSE(PublicKey::p256(std::string(32, '\xFF'), std::string(32, '\xFF')));
  EXPECT_FALSE(PublicKey::p256(x.substr(1), y));
  EXPECT_FALSE(PublicKey::p256(x + '\0', y));
}

TEST(PublicKey, Ed25519KeysHave32Bytes) {
  EXPECT_TRUE(PublicKey::ed25519(from_base64url(nlohmann::json::parse(kEdJwk)["x"])));
  EXPECT_FALSE(PublicKey::ed25519(std::string(31, 'x')));
  EXPECT_FALSE(PublicKey::ed25519(std::string(33, 'x')));
}

// RFC 7638 section 3.1, RFC 8037 appendix A.3.
TEST(PublicKey, ThumbprintsAreThoseOfTheRfcs) {
  EXPECT_EQ(jwk(kRsaJwk).key.thumbprint(), kRsaThumbprint);
  EXPECT_EQ(jwk(kEdJwk).key.thumbprint(), kEdThumbprint);
}

TEST(PrivateKey, GeneratedKeysDifferAndComeBackFromTheirPem) {
  for (const KeyType type : kEveryType) {
    const auto key = key_of(type);
    EXPECT_EQ(key.type(), type);
    if (type != KeyType::rsa) EXPECT_FALSE(key.public_key() == PrivateKey::generate(type).public_key());
    const Secret pem = key.to_pem();
    EXPECT_TRUE(pem.reveal().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto again = PrivateKey::from_pem(pem);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->public_key(), key.public_key());
    const auto algorithm = default_algorithm(type);
    EXPECT_TRUE(verify(key.public_key(), algorithm, "text", sign(*again, algorithm, "text")));
  }
}

TEST(PrivateKey, PemThatIsNoUsableKeyIsRefused) {
  for (const auto* text : {"", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                           "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "hello"}) {
    EXPECT_FALSE(PrivateKey::from_pem(Secret(text))) << text;
  }
  EXPECT_FALSE(PrivateKey::from_pem(Secret(std::string(100'000, 'x'))));
}

TEST(PrivateKey, KindsThatSignNothingHereAreRefused) {
  EXPECT_FALSE(PrivateKey::from_pem(pem_of(EVP_RSA_gen(1024))));
  EXPECT_FALSE(PrivateKey::from_pem(pem_of(EVP_EC_gen("P-384"))));
  EXPECT_FALSE(PrivateKey::from_pem(pem_of(EVP_EC_gen("secp256k1"))));
  EXPECT_FALSE(PrivateKey::from_pem(pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"))));
}

}  // namespace
}  // namespace postern::crypto
