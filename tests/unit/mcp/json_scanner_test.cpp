#include "mcp/json_scanner.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace postern::mcp {
namespace {

bool reads(std::string_view text, std::size_t depth = 64) {
  JsonScanner scanner(text);
  return scanner.value(depth) && scanner.at_end();
}

TEST(JsonScanner, ReadsEveryKindOfValue) {
  for (const auto* text : {"0", "-0", "10", "1.50", "-1.5e+10", "1E5", "1e-5", "true", "false", "null", "\"\"",
                           R"("\"\\\/\b\f\n\r\t\u00e9")", "[]", "[ ]", "{}", "{ }", "[1,[2,{}],\"]\"]",
                           R"({"a":1,"b":[{"c":null}],"}":"{"})", " \t\r\n[\n1 , 2\r]\t"}) {
    EXPECT_TRUE(reads(text)) << text;
    EXPECT_TRUE(read_json(text)) << text << ", as read_json() has it";
  }
}

TEST(JsonScanner, RefusesWhatIsNoJson) {
  for (const auto* text : {"",
                           " ",
                           "tru",
                           "nul",
                           "True",
                           "NaN",
                           "Infinity",
                           "01",
                           "-",
                           "+1",
                           "1.",
                           ".5",
                           "1e",
                           "1e+",
                           "0x1",
                           "\"",
                           "\"\\\"",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\u123\"",
                           "\"a\nb\"",
                           "\"\t\"",
                           "'a'",
                           "[",
                           "]",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{",
                           "}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{a:1}",
                           "{1:1}",
                           "{\"a\" 1}",
                           "{\"a\":1 \"b\":2}",
                           "[1}",
                           "{\"a\":1]",
                           "1 2",
                           "[] []",
                           "// x\n1",
                           "\xEF\xBB\xBF[]",
                           "\xFF",
                           "[\xC3\xA9]",
                           "1\v"}) {
    EXPECT_FALSE(reads(text)) << text;
    EXPECT_FALSE(read_json(text)) << text << ", as read_json() has it";
  }
  EXPECT_FALSE(reads(std::string("\"a\0b\"", 5)));
  EXPECT_FALSE(reads(std::string("[\0]", 3)));
}

TEST(JsonScanner, ReadsWhatIsCertainThoughItIsNotStrict) {
  for (const auto* text :
       {R"({"a":1,"a":2})", "1e999", "-1e999", R"("\ud83d")", "\"\xFF\xC3\"", R"({"\u0000":1})", "\"\xED\xA0\x80\""}) {
    EXPECT_TRUE(reads(text)) << text;
    EXPECT_FALSE(read_json(text)) << text;
  }
  EXPECT_TRUE(reads(std::string(100'000, '9')));
}

TEST(JsonScanner, DamagedBytesNeverHideTheEndOfAString) {
  EXPECT_TRUE(reads("{\"a\":\"\xE2\",\"b\":\"\xF0\x9F\"}"));
  EXPECT_FALSE(reads("\"\xE2\"\""));
}

TEST(JsonScanner, DepthIsBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(reads(nested(64)));
  EXPECT_FALSE(reads(nested(65)));
  EXPECT_FALSE(reads(std::string(1'000'000, '['), 1000));
  EXPECT_TRUE(reads("[[],[],[]]", 2));
  EXPECT_FALSE(reads("[[{}]]", 2));
  EXPECT_TRUE(reads("1", 0));
}

TEST(JsonScanner, WalksPieceByPiece) {
  JsonScanner scanner(R"( { "a" : [1, 2] , "b":"}" } )");
  EXPECT_FALSE(scanner.take('['));
  EXPECT_TRUE(scanner.take('{'));
  EXPECT_EQ(scanner.string(), "\"a\"");
  EXPECT_TRUE(scanner.take(':'));
  EXPECT_EQ(scanner.value(2), "[1, 2]");
  EXPECT_TRUE(scanner.take(','));
  EXPECT_EQ(scanner.string(), "\"b\"");
  EXPECT_FALSE(scanner.string());
  EXPECT_TRUE(scanner.take(':'));
  EXPECT_EQ(scanner.value(0), "\"}\"");
  EXPECT_FALSE(scanner.at_end());
  EXPECT_TRUE(scanner.take('}'));
  EXPECT_TRUE(scanner.at_end());
}

TEST(StringOf, IsTheTextUnlessItIsDamaged) {
  EXPECT_EQ(string_of("\"\""), "");
  EXPECT_EQ(string_of("\"gr\xC3\xBC\xC3\x9F\""), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(string_of(R"("a\"\u00e9\ud83d\ude00")"), "a\"\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(string_of(R"("a\u0000")"), std::string("a\0", 2));
  EXPECT_FALSE(string_of(R"("\ud83d")"));
  EXPECT_FALSE(string_of("\"\xFF\""));
  EXPECT_FALSE(string_of("\"\\n\xFF\""));
}

}  // namespace
}  // namespace postern::mcp
