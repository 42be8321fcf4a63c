#include "crypto/aead.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "crypto/random.hpp"

namespace postern::crypto {
namespace {

std::string from_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return out;
}

// McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test cases 14 and 16.
TEST(Aead, OpensPublishedVectors) {
  const Aead zero(std::string(32, '\0'));
  EXPECT_EQ(
      zero.open(std::string(12, '\0') + from_hex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
                ""),
      std::string(16, '\0'));

  const Aead aead(from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
  const std::string sealed =
      from_hex("cafebabefacedbaddecaf888") +
      from_hex(
          "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e63"
          "93ba7a0abcc9f662") +
      from_hex("76fc6ece0f4e1768cddf8853bb2d551b");
  EXPECT_EQ(
      aead.open(sealed, from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2")),
      from_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16a"
               "edf5aa0de657ba637b39"));
}

TEST(Aead, OpensWhatItSealed) {
  const Aead aead(random_bytes(32));
  for (const std::string& plain : {std::string(), std::string("x"), std::string(100'000, 'y')}) {
    const std::string sealed = aead.seal(plain, "purpose");
    EXPECT_EQ(sealed.size(), 12 + plain.size() + 16);
    EXPECT_EQ(aead.open(sealed, "purpose"), plain);
  }
}

TEST(Aead, NeverSealsTheSameWayTwice) {
  const Aead aead(random_bytes(32));
  EXPECT_NE(aead.seal("value", "purpose"), aead.seal("value", "purpose"));
}

TEST(Aead, RefusesEveryChangedByte) {
  const Aead aead(random_bytes(32));
  const std::string sealed = aead.seal("value", "purpose");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(aead.open(changed, "purpose"), std::nullopt) << "byte " << i;
  }
}

TEST(Aead, RefusesEveryShorterValue) {
  const Aead aead(random_bytes(32));
  const std::string sealed = aead.seal("value", "purpose");
  for (std::size_t i = 0; i < sealed.size(); ++i) EXPECT_EQ(aead.open(sealed.substr(0, i), "purpose"), std::nullopt);
  EXPECT_EQ(aead.open(sealed + "x", "purpose"), std::nullopt);
}

TEST(Aead, RefusesAnotherContextAndAnotherKey) {
  const Aead aead(random_bytes(32));
  const Aead other(random_bytes(32));
  const std::string sealed = aead.seal("value", "session");
  EXPECT_EQ(aead.open(sealed, "consent"), std::nullopt);
  EXPECT_EQ(aead.open(sealed, ""), std::nullopt);
  EXPECT_EQ(other.open(sealed, "session"), std::nullopt);
}

TEST(Aead, TakesOnlyKeysOf32Bytes) {
  EXPECT_THROW(Aead(std::string(31, 'k')), std::invalid_argument);
  EXPECT_THROW(Aead(std::string(33, 'k')), std::invalid_argument);
}

}  // namespace
}  // namespace postern::crypto
