#include <pthread.h>

#include <limits>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace postern {
namespace {

using namespace std::string_view_literals;

enum class Verdict { accepted, no_json, refused };

Verdict verdict_on(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = read_json(text, limits);
  if (parsed) return Verdict::accepted;
  return parsed.error().is_json ? Verdict::refused : Verdict::no_json;
}

TEST(Json, BuildsEveryKindOfValue) {
  const auto parsed = read_json(R"( {"a":[1,-2,3.5,"x",true,false,null],"b":{"c":{}}} )");
  ASSERT_TRUE(parsed);
  const nlohmann::json expected = {{"a", {1, -2, 3.5, "x", true, false, nullptr}},
                                   {"b", {{"c", nlohmann::json::object()}}}};
  EXPECT_EQ(*parsed, expected);
}

TEST(Json, ScalarsAreTexts) {
  for (const auto text : {"null", "true", "0", "-0", "1e5", "\"\"", " 7 \r\n\t"})
    EXPECT_EQ(verdict_on(text), Verdict::accepted) << text;
}

TEST(Json, RefusesWhatRfc8259DoesNotAllow) {
  for (const auto text :
       {"",          " ",   "{",     "[1,]",      "{\"a\":1,}", "{a:1}", "{'a':1}",   "NaN",     "Infinity",
        "-",         "01",  "1.",    ".5",        "+1",         "0x1",   "1 /* c */", "// c\n1", "\"\t\"",
        "\"\\x41\"", "tru", "[1 2]", "{\"a\" 1}", "\xC2\xA0[]", "]",     "\x0C[]"}) {
    EXPECT_EQ(verdict_on(text), Verdict::no_json) << text;
  }
}

TEST(Json, NothingMayFollowTheValue) {
  for (const auto text : {"{}{}", "{} x", "1 2", "{}]", "{},", "[]\n[]"})
    EXPECT_EQ(verdict_on(text), Verdict::no_json) << text;
  EXPECT_EQ(verdict_on("{}\0"sv), Verdict::no_json);
  EXPECT_EQ(verdict_on("{}\0{\"method\":\"tools/call\"}"sv), Verdict::no_json);
}

TEST(Json, RefusesAByteOrderMark) {
  EXPECT_EQ(verdict_on("\xEF\xBB\xBF{}"), Verdict::no_json);
  EXPECT_EQ(verdict_on("\xFF\xFE{\0}\0"sv), Verdict::no_json);
  EXPECT_EQ(verdict_on("\0{\0}"sv), Verdict::no_json);
}

TEST(Json, RefusesInvalidUtf8) {
  for (const auto text : {"\"\xFF\"", "\"\xC0\xAF\"", "\"\xE0\x80\xAF\"", "\"\xF4\x90\x80\x80\"", "\"\xED\xA0\x80\"",
                          "\"\xC3\"", "{\"\xFF\":1}"}) {
    EXPECT_EQ(verdict_on(text), Verdict::no_json) << text;
  }
  EXPECT_EQ(verdict_on("\"\xE2\x82\xAC\xF0\x9F\x98\x80\""), Verdict::accepted);
}

TEST(Json, RefusesLoneSurrogates) {
  for (const auto text : {R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", R"("\ud800\ud800")", R"({"\uDFFF":1})"}) {
    EXPECT_EQ(verdict_on(text), Verdict::no_json) << text;
  }
  EXPECT_EQ(*read_json(R"("\ud83d\ude00")"), "\xF0\x9F\x98\x80");
}

TEST(Json, RefusesDuplicateKeysAlsoWhenEscapedOrDeep) {
  EXPECT_EQ(verdict_on(R"({"a":1,"a":1})"), Verdict::refused);
  EXPECT_EQ(verdict_on(R"({"method":"ping","meth\u006fd":"tools/call"})"), Verdict::refused);
  EXPECT_EQ(verdict_on(R"([[{"x":{"k":1,"b":2,"\u006B":3}}]])"), Verdict::refused);
  EXPECT_EQ(verdict_on(R"({"a":{"k":1},"b":{"k":1}})"), Verdict::accepted);
}

TEST(Json, NulIsAllowedInValuesOnly) {
  EXPECT_EQ(verdict_on(R"({"\u0000":1})"), Verdict::no_json);
  EXPECT_EQ(verdict_on(R"({"name\u0000":1})"), Verdict::no_json);
  EXPECT_EQ(*read_json(R"("a\u0000b")"), std::string("a\0b", 3));
}

TEST(Json, RefusesNumbersNoDoubleHolds) {
  EXPECT_EQ(verdict_on("1e308"), Verdict::accepted);
  EXPECT_EQ(verdict_on("1e309"), Verdict::refused);
  EXPECT_EQ(verdict_on("-1e999"), Verdict::refused);
  EXPECT_EQ(verdict_on("1e-999"), Verdict::accepted);
  EXPECT_EQ(read_json("18446744073709551615")->get<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
}

TEST(Json, LimitsTheLengthOfANumber) {
  EXPECT_EQ(verdict_on("0." + std::string(398, '3')), Verdict::accepted);
  EXPECT_EQ(verdict_on("0." + std::string(399, '3')), Verdict::refused);
  EXPECT_EQ(verdict_on("[" + std::string(1'000'000, '9') + "]"), Verdict::refused);
}

TEST(Json, LimitsDepth) {
  EXPECT_EQ(verdict_on(std::string(64, '[') + std::string(64, ']')), Verdict::accepted);
  EXPECT_EQ(verdict_on(std::string(65, '[') + std::string(65, ']')), Verdict::refused);
  EXPECT_EQ(verdict_on(R"({"a":{"a":1}})", {.depth = 1}), Verdict::refused);
}

TEST(Json, LimitsTheCountOfValues) {
  EXPECT_EQ(verdict_on("[1,2,3]", {.nodes = 4}), Verdict::accepted);
  EXPECT_EQ(verdict_on("[1,2,3,4]", {.nodes = 4}), Verdict::refused);
  EXPECT_EQ(verdict_on(R"([{},[],""])", {.nodes = 3}), Verdict::refused);
}

// Runs on a thread whose stack a recursive parser would overflow.
void* parse_deep(void*) {
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(verdict_on(std::string(100'000, '[')), Verdict::refused);
  EXPECT_EQ(verdict_on(objects), Verdict::refused);
  // The limit lifted, parsing and freeing still must not recurse.
  const JsonLimits deep{.depth = 200'000, .nodes = 400'000};
  EXPECT_EQ(verdict_on(std::string(100'000, '[') + std::string(100'000, ']'), deep), Verdict::accepted);
  EXPECT_EQ(verdict_on(std::string(100'000, '['), deep), Verdict::no_json);
  return nullptr;
}

TEST(Json, DepthCostsNoStack) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  pthread_t thread{};
  ASSERT_EQ(pthread_create(&thread, &attributes, parse_deep, nullptr), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST(Json, AFaultIsThrownOnlyByCarelessValue) { EXPECT_ANY_THROW(read_json("{").value()); }

}  // namespace
}  // namespace postern
