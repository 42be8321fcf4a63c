#include "crypto/password.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace postern::crypto {
namespace {

constexpr PasswordCost kCheap{.memory_kib = 64, .passes = 1, .lanes = 1};

TEST(Password, VerifiesTheRightOneOnly) {
  const std::string encoded = hash_password(Secret("correct horse"), kCheap);
  EXPECT_TRUE(verify_password(Secret("correct horse"), encoded));
  EXPECT_FALSE(verify_password(Secret("correct horsf"), encoded));
  EXPECT_FALSE(verify_password(Secret("correct horse "), encoded));
  EXPECT_FALSE(verify_password(Secret(), encoded));
}

TEST(Password, IsWrittenAsPhcStringWithItsCosts) {
  EXPECT_TRUE(hash_password(Secret("x"), kCheap).starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
}

TEST(Password, DefaultCostsAreThoseOfOwasp) {
  const PasswordCost cost;
  EXPECT_EQ(cost.memory_kib, 19U * 1024);
  EXPECT_EQ(cost.passes, 2U);
  EXPECT_EQ(cost.lanes, 1U);
}

// Made by the reference implementation's own test program (test.c of phc-winner-argon2).
TEST(Password, VerifiesAHashMadeElsewhere) {
  const std::string encoded = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  EXPECT_TRUE(verify_password(Secret("password"), encoded));
  EXPECT_FALSE(verify_password(Secret("passwore"), encoded));
}

TEST(Password, SamePasswordGivesAnotherHash) {
  EXPECT_NE(hash_password(Secret("x"), kCheap), hash_password(Secret("x"), kCheap));
}

TEST(Password, KeepsZeroBytesAndLength) {
  const std::string encoded = hash_password(Secret(std::string("a\0b", 3)), kCheap);
  EXPECT_TRUE(verify_password(Secret(std::string("a\0b", 3)), encoded));
  EXPECT_FALSE(verify_password(Secret("a"), encoded));
}

TEST(Password, NoHashMatchesNothing) {
  for (const std::string_view encoded :
       {"", "x", "$argon2id$", "$argon2id$v=19$m=64,t=1,p=1$", "$2b$12$abcdefghijklmnopqrstuv"}) {
    EXPECT_FALSE(verify_password(Secret(""), encoded)) << encoded;
    EXPECT_FALSE(verify_password(Secret("x"), encoded)) << encoded;
  }
}

TEST(Password, ImpossibleCostsAreABug) {
  EXPECT_THROW(hash_password(Secret("x"), {.memory_kib = 1, .passes = 0, .lanes = 0}), std::invalid_argument);
  EXPECT_NO_THROW(verify_nothing(Secret("x"), kCheap));
}

TEST(GeneratedPassword, Has20ReadableCharacters) {
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) {
    const std::string password = generate_password();
    EXPECT_EQ(password.size(), 20U);
    EXPECT_EQ(password.find_first_not_of("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"),
              std::string::npos);
    EXPECT_TRUE(seen.insert(password).second);
  }
}

}  // namespace
}  // namespace postern::crypto
