#include <pthread.h>

#include <limits>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "mcp/jsonrpc.hpp"

namespace postern::mcp {
namespace {

using namespace std::string_view_literals;

// The code a text is refused with; 0 when it is accepted.
int code_of(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = parse_json(text, limits);
  return parsed ? 0 : parsed.error().code;
}

TEST(Json, BuildsEveryKindOfValue) {
  const auto parsed = parse_json(R"( {"a":[1,-2,3.5,"x",true,false,null],"b":{"c":{}}} )");
  ASSERT_TRUE(parsed);
  const nlohmann::json expected = {{"a", {1, -2, 3.5, "x", true, false, nullptr}},
                                   {"b", {{"c", nlohmann::json::object()}}}};
  EXPECT_EQ(*parsed, expected);
}

TEST(Json, ScalarsAreTexts) {
  for (const auto text : {"null", "true", "0", "-0", "1e5", "\"\"", " 7 \r\n\t"}) EXPECT_EQ(code_of(text), 0) << text;
}

TEST(Json, RefusesWhatRfc8259DoesNotAllow) {
  for (const auto text :
       {"",          " ",   "{",     "[1,]",      "{\"a\":1,}", "{a:1}", "{'a':1}",   "NaN",     "Infinity",
        "-",         "01",  "1.",    ".5",        "+1",         "0x1",   "1 /* c */", "// c\n1", "\"\t\"",
        "\"\\x41\"", "tru", "[1 2]", "{\"a\" 1}", "\xC2\xA0[]", "]",     "\x0C[]"}) {
    EXPECT_EQ(code_of(text), -32700) << text;
  }
}

TEST(Json, NothingMayFollowTheValue) {
  for (const auto text : {"{}{}", "{} x", "1 2", "{}]", "{},", "[]\n[]"}) EXPECT_EQ(code_of(text), -32700) << text;
  EXPECT_EQ(code_of("{}\0"sv), -32700);
  EXPECT_EQ(code_of("{}\0{\"method\":\"tools/call\"}"sv), -32700);
}

TEST(Json, RefusesAByteOrderMark) {
  EXPECT_EQ(code_of("\xEF\xBB\xBF{}"), -32700);
  EXPECT_EQ(code_of("\xFF\xFE{\0}\0"sv), -32700);
  EXPECT_EQ(code_of("\0{\0}"sv), -32700);
}

TEST(Json, RefusesInvalidUtf8) {
  for (const auto text : {"\"\xFF\"", "\"\xC0\xAF\"", "\"\xE0\x80\xAF\"", "\"\xF4\x90\x80\x80\"", "\"\xED\xA0\x80\"",
                          "\"\xC3\"", "{\"\xFF\":1}"}) {
    EXPECT_EQ(code_of(text), -32700) << text;
  }
  EXPECT_EQ(code_of("\"\xE2\x82\xAC\xF0\x9F\x98\x80\""), 0);
}

TEST(Json, RefusesLoneSurrogates) {
  for (const auto text : {R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", R"("\ud800\ud800")", R"({"\uDFFF":1})"}) {
    EXPECT_EQ(code_of(text), -32700) << text;
  }
  EXPECT_EQ(*parse_json(R"("\ud83d\ude00")"), "\xF0\x9F\x98\x80");
}

TEST(Json, RefusesDuplicateKeysAlsoWhenEscapedOrDeep) {
  EXPECT_EQ(code_of(R"({"a":1,"a":1})"), -32600);
  EXPECT_EQ(code_of(R"({"method":"ping","meth\u006fd":"tools/call"})"), -32600);
  EXPECT_EQ(code_of(R"([[{"x":{"k":1,"b":2,"\u006B":3}}]])"), -32600);
  EXPECT_EQ(code_of(R"({"a":{"k":1},"b":{"k":1}})"), 0);
}

TEST(Json, NulIsAllowedInValuesOnly) {
  EXPECT_EQ(code_of(R"({"\u0000":1})"), -32700);
  EXPECT_EQ(code_of(R"({"name\u0000":1})"), -32700);
  EXPECT_EQ(*parse_json(R"("a\u0000b")"), std::string("a\0b", 3));
}

TEST(Json, RefusesNumbersNoDoubleHolds) {
  EXPECT_EQ(code_of("1e308"), 0);
  EXPECT_EQ(code_of("1e309"), -32600);
  EXPECT_EQ(code_of("-1e999"), -32600);
  EXPECT_EQ(code_of("1e-999"), 0);
  EXPECT_EQ(parse_json("18446744073709551615")->get<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
}

TEST(Json, LimitsTheLengthOfANumber) {
  EXPECT_EQ(code_of("0." + std::string(398, '3')), 0);
  EXPECT_EQ(code_of("0." + std::string(399, '3')), -32600);
  EXPECT_EQ(code_of("[" + std::string(1'000'000, '9') + "]"), -32600);
}

TEST(Json, LimitsDepth) {
  EXPECT_EQ(code_of(std::string(64, '[') + std::string(64, ']')), 0);
  EXPECT_EQ(code_of(std::string(65, '[') + std::string(65, ']')), -32600);
  EXPECT_EQ(code_of(R"({"a":{"a":1}})", {.depth = 1}), -32600);
}

TEST(Json, LimitsTheCountOfValues) {
  EXPECT_EQ(code_of("[1,2,3]", {.nodes = 4}), 0);
  EXPECT_EQ(code_of("[1,2,3,4]", {.nodes = 4}), -32600);
  EXPECT_EQ(code_of(R"([{},[],""])", {.nodes = 3}), -32600);
}

// Runs on a thread whose stack a recursive parser would overflow.
void* parse_deep(void*) {
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(code_of(std::string(100'000, '[')), -32600);
  EXPECT_EQ(code_of(objects), -32600);
  // The limit lifted, parsing and freeing still must not recurse.
  const JsonLimits deep{.depth = 200'000, .nodes = 400'000};
  EXPECT_EQ(code_of(std::string(100'000, '[') + std::string(100'000, ']'), deep), 0);
  EXPECT_EQ(code_of(std::string(100'000, '['), deep), -32700);
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

TEST(Json, AFaultIsThrownOnlyByCarelessValue) { EXPECT_ANY_THROW(parse_json("{").value()); }

}  // namespace
}  // namespace postern::mcp
