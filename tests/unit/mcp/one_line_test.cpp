#include "mcp/one_line.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace postern::mcp {
namespace {

TEST(OneLine, WhatSomeReadersTakeForTheEndOfALineIsEscaped) {
  EXPECT_EQ(on_one_line("{\"a\xE2\x80\xA8\":\"b\xE2\x80\xA9 c\xC2\x85\"}"), R"({"a\u2028":"b\u2029 c\u0085"})");
}

TEST(OneLine, EverythingElseStaysAsItIs) {
  for (const std::string text : {"", "{}", R"({"a":"gr\u00f6\u00dfer"})", "\"\xC2\xA7 \xE2\x82\xAC \xE2\x80\x9C\"",
                                 "\"\xF0\x9F\x98\x80\"", "\"\xC2", "\"\xE2\x80"}) {
    EXPECT_EQ(on_one_line(text), text);
  }
}

TEST(OneLine, TheValueIsTheSame) {
  const std::string text = "[\"\xE2\x80\xA8\",\"\\\\\xE2\x80\xA9\",\"x\xC2\x85y\xC3\xA9\"]";
  EXPECT_EQ(nlohmann::json::parse(on_one_line(text)), nlohmann::json::parse(text));
}

TEST(OneLine, LineEndsBetweenValuesAreBlanks) {
  EXPECT_EQ(on_one_line("{\r\n\"a\":\n1.10\r}"), "{  \"a\": 1.10 }");
  EXPECT_EQ(without_line_ends("[1,\n\"\xE2\x80\xA8\"]"), "[1, \"\xE2\x80\xA8\"]");
}

TEST(OneLine, WhatGoesToAClientIsRepaired) {
  EXPECT_EQ(deliverable("{\"a\":\r\"\\ud83d\xFF\",\"n\":1e999}"), "{\"a\": \"\\ufffd\xEF\xBF\xBD\",\"n\":1e999}");
}

}  // namespace
}  // namespace postern::mcp
