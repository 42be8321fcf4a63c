// What a server says and cannot be read strictly: it is delivered, or whoever waits for it is told at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/upstream/duplex/links/link_fixture.hpp"

namespace postern::upstream {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class LinkDamage : public LinkTest {};
class SharedLinkDamage : public SharedLinkTest {};

std::string error_for(const std::string& id, const std::string& why) {
  return R"({"jsonrpc":"2.0","id":)" + id +
         R"(,"error":{"code":-32003,"message":"the server behind this gateway sent an answer that cannot be read: )" +
         why + R"(; tell whoever runs that server","data":{"error":"upstream_error"}}})";
}

TEST_F(LinkDamage, Compat3DamagedTextIsRepairedAndDelivered) {
  const auto answer = call("\"A\"");
  say("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"half\":\"\\ud83d!\",\"byte\":\"\xFF!\",\"n\":1.10}}");
  EXPECT_EQ(
      heard(answer),
      "{\"jsonrpc\":\"2.0\",\"id\":\"A\",\"result\":{\"half\":\"\\ufffd!\",\"byte\":\"\xEF\xBF\xBD!\",\"n\":1.10}}");
  EXPECT_THAT(log.lines, IsEmpty());
}

TEST(LinkDamageCases, Compat3WhatDecidesNothingIsDeliveredAsSent) {
  const std::string deep = std::string(500, '[') + std::string(500, ']');
  for (const std::string& result : {std::string(R"({"n":1e999})"), std::string(R"({"a":1,"a":2})"),
                                    std::string(R"({"A":1,"a":2})"), "[" + std::string(500, '1') + "]", deep}) {
    Conversation one;
    const auto answer = one.call("5");
    one.say(R"({"jsonrpc":"2.0","id":1,"result":)" + result + "}");
    EXPECT_EQ(one.heard(answer), R"({"jsonrpc":"2.0","id":5,"result":)" + result + "}");
    EXPECT_THAT(one.log.lines, IsEmpty());
  }
}

TEST(LinkDamageCases, Compat3BlanksAndAByteOrderMarkAroundAMessageAreNothing) {
  for (const std::string before : {" ", "\t ", "\xEF\xBB\xBF", " \xEF\xBB\xBF "}) {
    Conversation one;
    const auto answer = one.call("5");
    one.say(before + R"({"jsonrpc":"2.0","id":1,"result":{}} )");
    EXPECT_EQ(one.heard(answer), R"({"jsonrpc":"2.0","id":5,"result":{}})");
  }
}

TEST_F(LinkDamage, Compat3ANullErrorBesideAResultIsNone) {
  const auto answer = call("5");
  say(R"({"jsonrpc":"2.0","id":1,"result":{},"error":null})");
  EXPECT_EQ(heard(answer), R"({"jsonrpc":"2.0","id":5,"result":{}})");
  const auto failed = call("6");
  say(R"({"jsonrpc":"2.0","id":2,"result":null,"error":{"code":1,"message":"m"}})");
  EXPECT_EQ(heard(failed), R"({"jsonrpc":"2.0","id":6,"error":{"code":1,"message":"m"}})");
}

TEST_F(LinkDamage, Compat3ANullMethodInAnAnswerIsNone) {
  const auto answer = call("5");
  say(R"({"jsonrpc":"2.0","id":1,"method":null,"result":{}})");
  EXPECT_EQ(heard(answer), R"({"jsonrpc":"2.0","id":5,"result":{}})");
}

TEST_F(LinkDamage, Compat3AnIdThatCameBackAsADecimalIsTheSame) {
  const auto answer = call("5");
  say(R"({"jsonrpc":"2.0","id":1.0,"result":{}})");
  EXPECT_EQ(heard(answer), R"({"jsonrpc":"2.0","id":5,"result":{}})");
  const auto other = call("6");
  say(R"({"jsonrpc":"2.0","id":2.5,"result":{}})");
  EXPECT_EQ(heard(other), "");
}

TEST_F(LinkDamage, Compat3AnAnswerThatIsTooLongIsAnErrorForItsRequestAlone) {
  const auto first = call("5");
  const auto second = call("6");
  say_too_long(R"({"jsonrpc":"2.0","id":2,"result":{"secret)");
  EXPECT_EQ(heard(second), error_for("6", "it is longer than 16 MiB"));
  say_too_long(R"({"result":{"secret)");
  EXPECT_EQ(heard(first), error_for("5", "it is longer than 16 MiB")) << "no other call is under way";
  const auto third = call("7");
  const auto fourth = call("8");
  say_too_long(R"({"result":{"secret)");
  say_too_long(R"({"method":"notifications/message","params":{"secret)");
  EXPECT_EQ(heard(third) + heard(fourth), "");
  say(R"({"jsonrpc":"2.0","id":4,"result":{}})");
  EXPECT_EQ(heard(fourth), R"({"jsonrpc":"2.0","id":8,"result":{}})");
  EXPECT_THAT(log.lines, Not(IsEmpty()));
  for (const auto& line : log.lines) EXPECT_THAT(line, Not(HasSubstr("secret")));
}

TEST_F(SharedLinkDamage, Compat3WhatIsTooLongAndHasNoIdIsForNobody) {
  const auto answer = call("5");
  say_too_long(R"({"result":{"secret)");
  EXPECT_EQ(heard(answer), "");
}

TEST_F(LinkDamage, Compat3AListIsLeftToItsFilter) {
  const auto answer = request(R"({"jsonrpc":"2.0","id":5,"method":"tools/list"})");
  say("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[{\"name\":\"\\ud83d\xFF\"}]}}");
  EXPECT_EQ(heard(answer), "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"tools\":[{\"name\":\"\\ud83d\xFF\"}]}}")
      << "a name that was repaired would be another tool's";
}

// Each is an answer to the request that is under way, and holds `secret`.
TEST(LinkDamageCases, Compat3WhoeverWaitsForAnAnswerThatCannotBeReadIsTold) {
  const std::string head = R"({"jsonrpc":"2.0","id":1,)";
  const std::string byte = "the text is not valid JSON at byte ";
  const std::string two_results = "the member result is repeated, or its name differs by case";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {head + R"("result":{"secret":NaN}})", byte + "43"},
      {head + R"("result":{"x":01,"secret":1}})", byte + "38"},
      {head + R"("result":{"secret":"\x"}})", byte + "44"},
      {head + "\"result\":{\"secret\":\"\t\"}}", byte + "44"},
      {head + R"("result":{"text":"secret)", byte + "48"},
      {head + R"("result":{"text":"he said "secret""}})", byte + "51"},
      {head + R"("result":{"secret":1}} secret)", byte + "47"},
      {head + R"("result":["secret"}})", byte + "42"},
      {R"({"result":{"secret":Infinity},"id":1})", byte + "20"},
      {head + R"("result":{"secret":1},"result":{}})", two_results},
      {head + R"("result":{"secret":1},"Result":{}})", two_results},
      {head + R"("r\u0065sult":1,"result":"secret"})", two_results},
      {head + R"("ERROR":{"secret":1}})", "the member error is repeated, or its name differs by case"},
      {head + R"("error":{},"error":{"secret":1}})", "the member error is repeated, or its name differs by case"},
      {head + R"("result":"secret","id":1})", "the member id is repeated, or its name differs by case"},
      {R"({"jsonrpc":"2.0","Id":1,"result":"secret"})", "the member id is repeated, or its name differs by case"},
      {head + R"("result":"secret","error":{}})", "the message has a result and also an error"},
      {head + R"("secret":1})", "the message has no method, no result and no error"},
  };
  for (const auto& [line, why] : cases) {
    Conversation one;
    const auto answer = one.call("\"A\"");
    one.say(line);
    EXPECT_EQ(one.heard(answer), error_for("\"A\"", why)) << line;
    EXPECT_TRUE(answer->at_end()) << line;
    EXPECT_THAT(
        one.log.lines,
        ElementsAre("upstream_message_refused upstream=behind bytes=" + std::to_string(line.size()) + " what=" + why));
  }
}

TEST_F(LinkDamage, Compat3AStreamThatHasBegunEndsWithTheError) {
  const auto answer =
      request(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"progressToken":"t"},"name":"x"}})");
  say(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}})");
  say(R"({"jsonrpc":"2.0","id":1,"result":nothing})");
  EXPECT_EQ(
      heard(answer),
      event(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}})") +
          event(error_for("1", "the text is not valid JSON at byte 33")));
  EXPECT_TRUE(answer->at_end());
}

TEST_F(LinkDamage, Compat3TheCallsBesideItGoOn) {
  const auto first = call("1");
  const auto second = call("2");
  say(R"({"jsonrpc":"2.0","id":1,"result":NaN})");
  EXPECT_THAT(heard(first), HasSubstr("cannot be read"));
  EXPECT_EQ(heard(second), "");
  say(R"({"jsonrpc":"2.0","id":2,"result":{}})");
  EXPECT_EQ(heard(second), R"({"jsonrpc":"2.0","id":2,"result":{}})");
}

// Two requests are under way, 1 and 2; nobody is told anything, and both get their answers later.
TEST(LinkDamageCases, Compat3AMessageThatMayBeAnothersIsNobodys) {
  for (const std::string line : {
           R"({"jsonrpc":"2.0","id":1,"id":2,"result":"secret"})",
           R"({"jsonrpc":"2.0","id":1,"ID":2,"result":"secret"})",
           R"({"jsonrpc":"2.0","id":1,"\u0069d":2,"result":"secret"})",
           R"({"jsonrpc":"2.0","id":1,"result":NaN,"id":2})",
           R"({"jsonrpc":"2.0","id":1,"result":"secret"x,"id":2})",
           R"({"jsonrpc":"2.0","id":1,"result":"secret"x,"I\u0064":2})",
           R"({"jsonrpc":"2.0","id":1,"res{"jsonrpc":"2.0","id":2,"result":"secret"})",
           R"({"jsonrpc":"2.0","id":1,"result":"secret"}{"jsonrpc":"2.0","id":2,"result":{}})",
           R"({"jsonrpc":"2.0","id":1,"result":"x"x,"method":"secret"})",
           R"({"jsonrpc":"2.0","id":1,"method":"secret","result":{}})",
           R"({"jsonrpc":"2.0","id":1,"Method":"secret","result":{}})",
           R"({"jsonrpc":"2.0","result":"secret","id":1)",
           R"({"jsonrpc":"2.0","id":1,)",
           R"({"jsonrpc":"2.0","result":"secret})",
           R"({"jsonrpc":"2.0","result":"secret"})",
           R"({"jsonrpc":"2.0","id":null,"error":{"message":"secret"}})",
           R"([{"jsonrpc":"2.0","id":1,"result":"secret"}])",
           "secret",
       }) {
    Conversation one(true);
    const auto bob = one.join("bob");
    const auto first = one.call("5");
    const auto second = one.request(R"({"jsonrpc":"2.0","id":5,"method":"ping"})", bob);
    one.say(line);
    EXPECT_EQ(one.heard(first) + one.heard(second), "") << line;
    EXPECT_THAT(one.log.lines, ElementsAre(AllOf(HasSubstr("upstream_message_refused"), Not(HasSubstr("secret")))))
        << line;
    EXPECT_EQ(one.channel->sent.size(), 2U) << "the server is told nothing either: " << line;
    one.say(R"({"jsonrpc":"2.0","id":1,"result":"first"})");
    one.say(R"({"jsonrpc":"2.0","id":2,"result":"second"})");
    EXPECT_EQ(one.heard(first), R"({"jsonrpc":"2.0","id":5,"result":"first"})") << line;
    EXPECT_EQ(one.heard(second), R"({"jsonrpc":"2.0","id":5,"result":"second"})") << line;
  }
}

TEST_F(LinkDamage, Compat3TheServerIsToldOfItsOwnRequestThatCannotBeRead) {
  say(R"({"jsonrpc":"2.0","id":"q","method":"roots/list","params":NaN})");
  EXPECT_THAT(last_sent(), AllOf(HasSubstr(R"("id":"q")"), HasSubstr("this request cannot be read")));
  say(R"({"jsonrpc":"2.0","id":7,"method":"roots/list","Method":"x"})");
  EXPECT_THAT(last_sent(), AllOf(HasSubstr(R"("id":7)"), HasSubstr("this request cannot be read")));
  say(R"({"jsonrpc":"2.0","id":12345678901234567890123,"method":"roots/list"})");
  EXPECT_THAT(last_sent(), AllOf(HasSubstr(R"("id":12345678901234567890123)"), HasSubstr("at most 64 bits")));
  EXPECT_THAT(session->asked, IsEmpty());
}

TEST_F(LinkDamage, Compat3ANotificationWhoseRequestHasTwoReadingsIsNobodys) {
  const std::string asking =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"progressToken":"t"},"name":"x"}})";
  const auto first = request(asking);
  const auto second = request(asking);
  for (const auto* params :
       {R"({"progressToken":1,"progressToken":2,"message":"secret"})",
        R"({"progressToken":1,"ProgressToken":2,"message":"secret"})",
        R"({"_meta":{},"_meta":{"io.modelcontextprotocol/subscriptionId":2},"message":"secret"})"}) {
    log.lines.clear();
    say(R"({"jsonrpc":"2.0","method":"notifications/progress","params":)" + std::string(params) + "}");
    EXPECT_EQ(heard(first) + heard(second), "") << params;
    EXPECT_THAT(log.lines, ElementsAre(HasSubstr("two readings"))) << params;
  }
  say(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1},"params":{"progressToken":2}})");
  EXPECT_EQ(heard(first) + heard(second), "");
  say(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2,"n":1e999}})");
  EXPECT_EQ(heard(second),
            event(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","n":1e999}})"));
}

TEST_F(LinkDamage, Compat3ProgressThatNobodyAskedForIsNotTold) {
  const auto answer = call("1");
  say(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1}})");
  EXPECT_EQ(heard(answer), "");
}

TEST_F(SharedLinkDamage, Compat3AnInitializeThatCannotBeReadIsAnErrorForAllWhoWaitForIt) {
  const auto asking = R"({"jsonrpc":"2.0","id":"A","method":"initialize","params":{"protocolVersion":"2025-06-18"}})";
  const auto first = request(asking, session, false);
  const auto second = request(asking, join("bob"), false);
  say(R"({"jsonrpc":"2.0","id":1,"result":{"x":NaN}})");
  const auto expected = error_for("\"A\"", "the text is not valid JSON at byte 38");
  EXPECT_EQ(heard(first), expected);
  EXPECT_EQ(heard(second), expected);
}

TEST_F(SharedLinkDamage, Compat3AChangedResourceWithTwoUrisIsNobodys) {
  request(R"({"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"x://one"}})");
  const auto listening = pipe();
  session->listen(listening);
  say(R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x://one","URI":"x://two"}})");
  EXPECT_EQ(heard(listening), "");
  EXPECT_THAT(log.lines, ElementsAre(HasSubstr("two readings")));
  const auto told =
      R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x://one","n":1e999}})";
  say(told);
  EXPECT_EQ(heard(listening), event(told));
}

TEST_F(LinkDamage, Compat3ManyUnreadableMessagesDoNotFillTheLog) {
  for (int i = 0; i < 10'000; ++i) say("no message");
  EXPECT_LT(log.lines.size(), 5'000U);
}

}  // namespace
}  // namespace postern::upstream
