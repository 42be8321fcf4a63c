#include "token/opaque.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace postern::token {
namespace {

TEST(OpaqueToken, IsItsPrefixAnd256RandomBits) {
  const std::string token = make_token("mcpv1_");
  EXPECT_EQ(token.size(), 6 + kRandomCharacters);
  EXPECT_TRUE(token.starts_with("mcpv1_"));
  EXPECT_TRUE(has_token_shape(token, "mcpv1_"));
}

TEST(OpaqueToken, IsNeverMadeTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(make_token(kCodePrefix)).second);
}

TEST(OpaqueToken, ShapeNeedsPrefixLengthAndAlphabet) {
  const std::string random(kRandomCharacters, 'a');
  EXPECT_TRUE(has_token_shape("mcpv1_" + random, "mcpv1_"));
  EXPECT_FALSE(has_token_shape("mcpr1_" + random, "mcpv1_"));
  EXPECT_FALSE(has_token_shape("MCPV1_" + random, "mcpv1_"));
  EXPECT_FALSE(has_token_shape("mcpv1_" + random + "a", "mcpv1_"));
  EXPECT_FALSE(has_token_shape("mcpv1_" + random.substr(1), "mcpv1_"));
  for (const char bad : {'+', '/', '=', ' ', '.', '~', '\0', '\x80'}) {
    std::string value = random;
    value.back() = bad;
    EXPECT_FALSE(has_token_shape("mcpv1_" + value, "mcpv1_")) << static_cast<int>(bad);
  }
  EXPECT_FALSE(has_token_shape("", "mcpv1_"));
  EXPECT_FALSE(has_token_shape("mcpv1_", "mcpv1_"));
}

TEST(OpaqueToken, HashIsSha256OfTheWholeValue) {
  EXPECT_EQ(token_hash("mcpv1_abc"), crypto::sha256_string("mcpv1_abc"));
  EXPECT_EQ(token_hash("x").size(), 32U);
}

}  // namespace
}  // namespace postern::token
