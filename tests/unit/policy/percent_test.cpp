#include "policy/percent.hpp"

#include <gtest/gtest.h>

namespace postern::policy {
namespace {

TEST(Percent, DecodesEscapesAndLeavesAllElseAsItIs) {
  EXPECT_EQ(percent_decoded("a%20b%2e%2E"), "a b..");
  EXPECT_EQ(percent_decoded("%2541"), "%41") << "once";
  EXPECT_EQ(percent_decoded("%"), "%");
  EXPECT_EQ(percent_decoded("%4"), "%4");
  EXPECT_EQ(percent_decoded("%4g%zz"), "%4g%zz");
  EXPECT_EQ(percent_decoded("%ff"), "\xff");
}

TEST(Percent, KeepsTheEscapesThatTheCallerWantsKept) { EXPECT_EQ(percent_decoded("%2A%25%41", "*%"), "%2A%25A"); }

}  // namespace
}  // namespace postern::policy
