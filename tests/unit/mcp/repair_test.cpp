#include "mcp/repair.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace postern::mcp {
namespace {

#define FFFD "\xEF\xBF\xBD"

// The repaired document, or "" where it needed no repair.
std::string repaired(std::string_view json) { return repaired_text(json).value_or(""); }

TEST(Repair, WhatIsWholeIsLeftAlone) {
  for (const auto* json : {"", "null", R"({"a":"b","n":1.50,"big":123456789012345678901,"e":1e999})",
                           R"({"a":1,"a":2})", R"("\u00e9 \ud83d\ude00 \uD83D\uDE00 \ufffd \u0000 \n \" \\")",
                           "\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80\"", "\"" FFFD "\"",
                           "\"\x7F\xEF\xBF\xBF\xF4\x8F\xBF\xBF\"", " [ ] \r\n\t", "no JSON {"}) {
    EXPECT_FALSE(repaired_text(json)) << json;
  }
}

TEST(Repair, HalfASurrogatePairIsReplaced) {
  EXPECT_EQ(repaired(R"({"d":"a \ud83d b"})"), R"({"d":"a \ufffd b"})");
  EXPECT_EQ(repaired(R"("\ud83d")"), R"("\ufffd")");
  EXPECT_EQ(repaired(R"("\uDE00")"), R"("\ufffd")");
  EXPECT_EQ(repaired(R"("\ude00\ud83d")"), R"("\ufffd\ufffd")");
  EXPECT_EQ(repaired(R"("\ud83d\ud83d\ude00\ude00")"), R"("\ufffd\ud83d\ude00\ufffd")");
  EXPECT_EQ(repaired(R"("\ud83d\n\ude00")"), R"("\ufffd\n\ufffd")");
  EXPECT_EQ(repaired(R"("\ud83d\u0041")"), R"("\ufffd\u0041")");
  EXPECT_EQ(repaired(R"({"\ud83d":1})"), R"({"\ufffd":1})");
  EXPECT_EQ(repaired("\"\\ud83d\xF0\x9F\x98\x80\""), "\"\\ufffd\xF0\x9F\x98\x80\"");
}

TEST(Repair, AnEscapedBackslashBeginsNoEscape) {
  EXPECT_FALSE(repaired_text(R"("\\ud83d")"));
  EXPECT_FALSE(repaired_text(R"("\\\\ude00")"));
  EXPECT_EQ(repaired(R"("\\\ud83d")"), R"("\\\ufffd")");
  EXPECT_FALSE(repaired_text(R"("\"ud83d")"));
  EXPECT_EQ(repaired(R"("\"\ud83d")"), R"("\"\ufffd")");
  EXPECT_EQ(repaired(R"("\ud83d\\ude00")"), R"("\ufffd\\ude00")");
}

TEST(Repair, AnEscapeThatIsCutOffIsNoSurrogate) {
  for (const auto* json : {"\"\\ud83\"", "\"\\ud8", "\"\\u", "\"\\", "\"\\uD83G\""})
    EXPECT_FALSE(repaired_text(json)) << json;
  EXPECT_EQ(repaired("\"\\ud83d"), "\"\\ufffd");
  EXPECT_EQ(repaired("\"\\ud83d\\ude0"), "\"\\ufffd\\ude0");
}

// The examples of the Unicode Standard, tables 3-8 to 3-11, and of the WHATWG Encoding Standard's decoder.
TEST(Repair, InvalidUtf8IsReplacedByMaximalSubparts) {
  for (const auto& [bytes, expected] : {
           std::pair<std::string, std::string>{"\xFF", FFFD},
           {"\x80", FFFD},
           {"\xC0\xAF", FFFD FFFD},
           {"\xC1\xBF", FFFD FFFD},
           {"\xC3", FFFD},
           {"\xC3(", FFFD "("},
           {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A"},
           {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A"},
           {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B"},
           {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", FFFD FFFD FFFD FFFD "A"},
           {"\xF5\x80\x80\x80", FFFD FFFD FFFD FFFD},
           {"\xE2\x82", FFFD},
           {"S\xE3o Paulo", "S" FFFD "o Paulo"},
       }) {
    EXPECT_EQ(repaired("\"" + bytes + "\""), "\"" + expected + "\"");
    EXPECT_EQ(repaired(bytes), expected) << "at the end of the text";
  }
}

TEST(Repair, DamageNeverEndsAStringOrHidesItsEnd) {
  EXPECT_EQ(repaired("{\"a\":\"\xE2\",\"b\":1}"), "{\"a\":\"" FFFD "\",\"b\":1}");
  EXPECT_EQ(repaired("{\"a\":\"\xF0\x9F\\\"\",\"b\":1}"), "{\"a\":\"" FFFD "\\\"\",\"b\":1}");
  EXPECT_EQ(repaired("{\"a\":\"\xC0\xA2,\",\"b\":1}"), "{\"a\":\"" FFFD FFFD ",\",\"b\":1}");
  EXPECT_EQ(repaired("\"\\\xFF\""), "\"\\" FFFD "\"") << "such an escape does not exist, before and after";
}

TEST(Repair, WhatIsRepairedIsStrictJson) {
  const std::string damaged = "{\"a\":[\"\\ud83d\",\"\xFF\xE2\x82\",{\"\\ude00\":\"\xED\xA0\x80\"}],\"n\":1.50}";
  EXPECT_FALSE(read_json(damaged));
  const auto once = repaired_text(damaged);
  ASSERT_TRUE(once);
  EXPECT_TRUE(read_json(*once));
  EXPECT_FALSE(repaired_text(*once)) << "and stays as it is";
}

}  // namespace
}  // namespace postern::mcp
