#include <gtest/gtest.h>

#include "base/strings.hpp"

namespace postern {
namespace {

TEST(SplitWords, DropsEmptyPieces) {
  EXPECT_EQ(split_words("  a b  c "), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(split_words("").empty());
}

TEST(Split, KeepsEmptyPieces) { EXPECT_EQ(split(",a,", ',').size(), 3U); }

TEST(ParseUint, TakesDigitsThatFitAndNothingElse) {
  std::uint64_t value = 7;
  EXPECT_TRUE(parse_uint("0", value));
  EXPECT_EQ(value, 0U);
  EXPECT_TRUE(parse_uint("9999999999999999999", value));
  for (const auto* text : {"", "+1", "-1", " 1", "1 ", "0x1", "1_0", "18446744073709551617", "00000000000000000001"}) {
    EXPECT_FALSE(parse_uint(text, value)) << text;
  }
}

TEST(AsciiIequals, ComparesLettersOnly) {
  EXPECT_TRUE(ascii_iequals("Content-TYPE", "content-type"));
  EXPECT_FALSE(ascii_iequals("\xc3\xa9", "\xc3\x89"));
  EXPECT_FALSE(ascii_iequals("a", "ab"));
}

}  // namespace
}  // namespace postern
