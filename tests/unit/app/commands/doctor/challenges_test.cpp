#include "app/commands/doctor/challenges.hpp"

#include <gtest/gtest.h>

namespace postern::app::doctor {
namespace {

TEST(ReadChallenges, ReadsQuotedAndPlainParameters) {
  const auto all =
      read_challenges("Bearer error=invalid_token, resource_metadata = \"https://a.test/x,y\", scope=\"a \\\"b\"");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].scheme, "Bearer");
  EXPECT_EQ(all[0].parameter("ERROR"), "invalid_token");
  EXPECT_EQ(all[0].parameter("resource_metadata"), "https://a.test/x,y");
  EXPECT_EQ(all[0].parameter("scope"), "a \"b");
  EXPECT_FALSE(all[0].parameter("realm"));
}

TEST(ReadChallenges, TellsSeveralChallengesApart) {
  const auto all = read_challenges("Negotiate dG9rZW4=, DPoP algs=\"ES256\", Bearer, Basic realm=x");
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].scheme, "Negotiate");
  EXPECT_TRUE(all[0].parameters.empty());
  EXPECT_EQ(all[1].parameter("algs"), "ES256");
  EXPECT_EQ(all[2].scheme, "Bearer");
  EXPECT_TRUE(all[2].parameters.empty());
  EXPECT_EQ(all[3].parameter("realm"), "x");
}

TEST(ReadChallenges, StopsAtWhatCannotBeRead) {
  EXPECT_TRUE(read_challenges("").empty());
  EXPECT_TRUE(read_challenges(" , ,").empty());
  EXPECT_TRUE(read_challenges("\"Bearer\"").empty());
  EXPECT_TRUE(read_challenges("=x").empty());
  const auto cut = read_challenges("Bearer scope=\"never ends");
  ASSERT_EQ(cut.size(), 1U);
  EXPECT_FALSE(cut[0].parameter("scope"));
}

}  // namespace
}  // namespace postern::app::doctor
