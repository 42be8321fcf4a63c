#include "crypto/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace postern::crypto {
namespace {

TEST(RandomBytes, GivesAsManyAsAskedFor) {
  EXPECT_EQ(random_bytes(0).size(), 0U);
  EXPECT_EQ(random_bytes(1).size(), 1U);
  EXPECT_EQ(random_bytes(4096).size(), 4096U);
}

TEST(RandomToken, IsNeverTheSameTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(random_token()).second);
}

// RFC 6749 section 2.3.1 wants HTTP Basic form-encoded and clients do not: nothing in a token may need it.
TEST(RandomToken, HasOnlyUnreservedCharacters) {
  for (int i = 0; i < 200; ++i) {
    const std::string token = random_token();
    EXPECT_EQ(token.size(), 43U);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
  }
  EXPECT_EQ(random_token(16).size(), 22U);
}

// A word that begins with a hyphen is an option to a command.
TEST(RandomId, SaysItsKindAndIsNeverTheSameTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = random_id("grant");
    EXPECT_TRUE(id.starts_with("grant_"));
    EXPECT_EQ(id.size(), 28U);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

}  // namespace
}  // namespace postern::crypto
