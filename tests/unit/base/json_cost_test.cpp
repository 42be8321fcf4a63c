#include "base/json_cost.hpp"

#include <malloc.h>

#include <gtest/gtest.h>

namespace postern {
namespace {

std::size_t allocated() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Some sanitizers have an allocator that does not tell.
bool tells_what_is_allocated() {
  const auto before = allocated();
  const auto block = std::make_unique<std::string>(1 << 20, 'x');
  return allocated() >= before + block->size();
}

std::string times(std::size_t count, std::string_view each) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out.append(each).append(",");
  return "[" + out + "0]";
}

std::string object_of(std::size_t members, std::size_t key, std::string_view value) {
  std::string out = "{";
  for (std::size_t i = 0; i < members; ++i) {
    auto name = std::to_string(i);
    name.resize(std::max(key, name.size()), 'k');
    out += '"' + name + "\":" + std::string(value) + ',';
  }
  return out + "\"end\":0}";
}

std::vector<std::string> costly_texts() {
  const std::string word(40, 'w');
  return {
      times(50'000, "[]"),
      times(50'000, "{}"),
      times(20'000, R"({"a":1})"),
      times(50'000, "1"),
      times(50'000, R"("")"),
      times(20'000, R"("a string of more than 15 bytes")"),
      times(20'000, R"("\u00e4\u00e4 \" \\")"),
      object_of(20'000, 1, "1"),
      object_of(20'000, 16, R"("sixteen bytes ..")"),
      object_of(5'000, 200, "[[[1]]]"),
      "\"" + std::string(3'000'000, 'x') + "\"",
      R"({"text":")" + std::string(1'500'000, 'y') + R"(","list":)" + times(9'000, "\"" + word + "\"") + "}",
      "{}",
  };
}

TEST(JsonCost, Attack12IsNoLessThanWhatParsingTakes) {
  if (!tells_what_is_allocated()) GTEST_SKIP() << "the allocator does not tell";
  for (const auto& text : costly_texts()) {
    const auto before = allocated();
    const auto read = read_json(text);
    ASSERT_TRUE(read) << text.substr(0, 60);
    EXPECT_LE(allocated() - before, parsed_bytes(text)) << text.substr(0, 60);
  }
}

TEST(JsonCost, Attack12SmallValuesTakeManyTimesTheirText) {
  const auto text = times(50'000, "[]");
  EXPECT_GT(parsed_bytes(text), 20 * text.size());
}

TEST(JsonCost, OneLongStringTakesLittleMoreThanItsText) {
  const std::string text = "\"" + std::string(1 << 20, 'x') + "\"";
  EXPECT_LT(parsed_bytes(text), 3 * text.size());
}

TEST(JsonCost, WhatStandsInStringsIsNoValue) {
  EXPECT_EQ(parsed_bytes(R"(["a,b:[{\",\\"])"), parsed_bytes(R"(["a.b......\\"])"));
  EXPECT_GT(parsed_bytes(R"(["\\",1])"), parsed_bytes(R"(["\\,1]")"));
}

TEST(JsonCost, AParserThatStopsAtItsLimitTakesNoMore) {
  JsonLimits limits;
  limits.nodes = 10;
  EXPECT_EQ(parsed_bytes(times(1'000, "1"), limits), parsed_bytes(times(2'000, "1"), limits));
}

TEST(JsonCost, TornTextsHaveACostAsWell) {
  for (const std::string text : {"", "\"", "\"\\", "[\"a", "{\"a\\\"", "]", "\\"}) EXPECT_GT(parsed_bytes(text), 0u);
}

}  // namespace
}  // namespace postern
