#include "mcp/answer.hpp"

#include <gtest/gtest.h>

namespace postern::mcp {
namespace {

using nlohmann::json;

TEST(MayAnswer, UnlessItSaysOtherwise) {
  const auto may = [](std::string_view text) { return may_answer(read_envelope(text), json(7)); };
  EXPECT_TRUE(may(R"({"id":7,"result":{}})"));
  EXPECT_TRUE(may(R"({"id":7,"error":{)"));
  EXPECT_TRUE(may(R"({"result":NaN,"id":7})"));
  EXPECT_TRUE(may(R"({"id":6,"id":7,"result":{}})"));
  EXPECT_FALSE(may(R"({"id":6,"result":{}})"));
  EXPECT_FALSE(may(R"({"id":"7","result":{}})"));
  EXPECT_FALSE(may(R"({"id":7,"method":"ping","params":NaN})"));
  EXPECT_FALSE(may("ping"));
}

TEST(ReadAnswer, IsTheValueWhereItIsStrictOnceItIsRepaired) {
  EXPECT_EQ(read_answer(R"({"jsonrpc":"2.0","id":1,"result":{"a":"\ud83d"}})"),
            json({{"jsonrpc", "2.0"}, {"id", 1}, {"result", {{"a", "\xEF\xBF\xBD"}}}}));
  EXPECT_EQ(read_answer("{\"id\":1,\"error\":{\"message\":\"\xFF\"}}"),
            json({{"id", 1}, {"error", {{"message", "\xEF\xBF\xBD"}}}}));
}

TEST(ReadAnswer, IsNamedWithoutItsValueWhereThatIsNotStrict) {
  EXPECT_EQ(read_answer(R"({"id":1,"result":{"a":1e999}})"),
            json({{"jsonrpc", "2.0"}, {"id", 1}, {"result", nullptr}}));
  EXPECT_EQ(read_answer(R"({"id":1,"error":{"a":1,"a":2}})"),
            json({{"jsonrpc", "2.0"}, {"id", 1}, {"error", nullptr}}));
}

TEST(ReadAnswer, WhatHasNoOneReadingIsNone) {
  for (const auto* text :
       {"", "x", "[]", "{}", R"({"method":"ping","id":1})", R"({"id":1,"result":1,"error":2})",
        R"({"id":1,"result":{},"result":{}})", R"({"id":1,"result":{"a":NaN}})", R"({"id":1,"id":1,"result":{}})"}) {
    EXPECT_FALSE(read_answer(text)) << text;
  }
}

}  // namespace
}  // namespace postern::mcp
