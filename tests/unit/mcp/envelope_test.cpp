#include "mcp/envelope.hpp"

#include <string>

#include <gtest/gtest.h>

namespace postern::mcp {
namespace {

using nlohmann::json;

TEST(Envelope, TellsWhatAMessageIs) {
  const auto answer = read_envelope(R"( {"jsonrpc":"2.0","result": {"a":[1]} ,"id":7} )");
  EXPECT_TRUE(answer.whole && answer.plain && answer.answers && !answer.method);
  EXPECT_EQ(answer.id, 7);
  EXPECT_EQ(answer.result, R"({"a":[1]})");

  const auto error = read_envelope(R"({"id":"x","error":{"code":1}})");
  EXPECT_TRUE(error.whole && error.answers && !error.result);
  EXPECT_EQ(error.id, "x");

  const auto request = read_envelope(R"({"method":"ping","id":1,"params":{"result":1}})");
  EXPECT_TRUE(request.whole && request.method && !request.answers);
  EXPECT_TRUE(read_envelope("{}").whole);
}

TEST(Envelope, WhatIsNoObjectSaysNothing) {
  for (const auto* text : {"", "ping", "[]", R"([{"id":1,"result":{}}])", "null", "\"x\"", R"("{\"id\":1}")"}) {
    const auto envelope = read_envelope(text);
    EXPECT_FALSE(envelope.whole || envelope.answers || envelope.method) << text;
    EXPECT_TRUE(envelope.id.is_null()) << text;
  }
}

TEST(Envelope, IsReadUpToWhereItBreaks) {
  const auto early = read_envelope(R"({"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"a)");
  EXPECT_TRUE(!early.whole && early.answers && !early.method && !early.result);
  EXPECT_EQ(early.id, 7);

  const auto late = read_envelope(R"({"result":{"tools":[NaN]},"id":7})");
  EXPECT_TRUE(!late.whole && late.answers);
  EXPECT_TRUE(late.id.is_null());

  const auto note = read_envelope(R"({"method":"notifications/message","params":{"data":NaN}})");
  EXPECT_TRUE(!note.whole && note.method && !note.answers);
}

TEST(Envelope, WhatHasTwoReadingsIsNotPlain) {
  for (const auto* text : {R"({"id":1,"id":2,"result":{}})", R"({"result":{},"result":{}})",
                           R"({"result":{},"Result":{}})", R"({"result":{},"re\u0073ult":{}})",
                           R"({"result":{},"ID":1})", R"({"Error":1,"result":{}})", R"({"result\u0000":{}})"}) {
    EXPECT_FALSE(read_envelope(text).plain) << text;
  }
  EXPECT_TRUE(read_envelope(R"({"x":1,"x":2,"results":1,"\ud83d":2,"id":1})").plain);
}

TEST(Envelope, MayAnswerUnlessItSaysOtherwise) {
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
