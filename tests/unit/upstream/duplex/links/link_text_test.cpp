// Messages pass a link as their text: what is not ours to change has the same bytes on the other side.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/upstream/duplex/links/link_fixture.hpp"

namespace postern::upstream {
namespace {

using ::testing::ElementsAre;

// Numbers that another writer would write otherwise, or could not hold.
constexpr std::string_view kNumbers =
    R"({"z":123456789012345678901,"a":1.10,"m":[-0,1E+2,0.1e-7,18446744073709551616],"\u0062":1e308})";

std::string numbers() { return std::string(kNumbers); }

class LinkText : public LinkTest {};
class SharedLinkText : public SharedLinkTest {};

TEST_F(LinkText, Compat4ARequestAndItsAnswerKeepTheirDigitsAndTheirOrder) {
  const auto answer = request(R"({"params":{"arguments":)" + numbers() +
                              R"(,"name":"x"},"id":"A","method":"tools/call","jsonrpc":"2.0"})");
  EXPECT_EQ(last_sent(),
            R"({"params":{"arguments":)" + numbers() + R"(,"name":"x"},"id":1,"method":"tools/call","jsonrpc":"2.0"})");
  say(R"({"result":{"structuredContent":)" + numbers() + R"(, "content" : []},"jsonrpc":"2.0","id":1})");
  EXPECT_EQ(heard(answer),
            R"({"result":{"structuredContent":)" + numbers() + R"(, "content" : []},"jsonrpc":"2.0","id":"A"})");
}

TEST_F(LinkText, Compat4AnErrorKeepsItsDigits) {
  const auto answer = call("9223372036854775807");
  say(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"m","data":)" + numbers() + "}}");
  EXPECT_EQ(heard(answer), R"({"jsonrpc":"2.0","id":9223372036854775807,"error":{"code":-32000,"message":"m","data":)" +
                               numbers() + "}}");
}

TEST_F(LinkText, Compat4NotificationsKeepTheirDigitsBothWays) {
  tell(R"({"method":"notifications/roots/list_changed","params":)" + numbers() + R"(,"jsonrpc":"2.0"})");
  EXPECT_EQ(last_sent(),
            R"({"method":"notifications/roots/list_changed","params":)" + numbers() + R"(,"jsonrpc":"2.0"})");
  const auto listening = pipe();
  session->listen(listening);
  const auto said = R"({"method":"notifications/message","params":{"data":)" + numbers() + R"(},"jsonrpc":"2.0"})";
  say(said);
  EXPECT_EQ(heard(listening), event(said));
}

TEST_F(LinkText, Compat4ARequestOfTheServerAndItsAnswerKeepTheirDigits) {
  const auto listening = pipe();
  session->listen(listening);
  const auto asked = R"({"method":"elicitation/create","params":)" + numbers() + R"(,"id":"q\u0031","jsonrpc":"2.0"})";
  say(asked);
  EXPECT_EQ(heard(listening), event(asked));
  const auto answer = R"({"result":)" + numbers() + R"(,"id":"q1","jsonrpc":"2.0"})";
  tell(answer);
  EXPECT_THAT(channel->sent, ElementsAre(answer));
  tell(answer);
  EXPECT_EQ(channel->sent.size(), 1U) << "it was answered";
}

TEST_F(LinkText, Compat4APingIsAnsweredWithTheIdAsTheServerWroteIt) {
  say(R"({"jsonrpc":"2.0","id":123456789012345678901,"method":"ping"})");
  EXPECT_EQ(last_sent(), R"({"jsonrpc":"2.0","id":123456789012345678901,"result":{}})");
}

TEST_F(LinkText, Compat4AProgressTokenOfAnySizeComesBackAsItWasSent) {
  for (const std::string token : {"123456789012345678901", R"("t\u00f6")", "7"}) {
    const auto number = std::to_string(channel->sent.size() + 1);
    const auto answer = request(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"progressToken":)" +
                                token + R"(,"other":1.10},"name":"x"}})");
    EXPECT_EQ(last_sent(), R"({"jsonrpc":"2.0","id":)" + number +
                               R"(,"method":"tools/call","params":{"_meta":{"progressToken":)" + number +
                               R"(,"other":1.10},"name":"x"}})");
    say(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1.0,"progressToken":)" + number +
        "}}");
    EXPECT_EQ(heard(answer),
              event(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1.0,"progressToken":)" +
                    token + "}}"));
  }
}

TEST_F(LinkText, Compat4ACancellationNamesOurNumberWhereverTheServerMayLook) {
  call("\"A\"");
  tell(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"x":1.10,"requestId":"A","RequestId":"B"}})");
  EXPECT_EQ(last_sent(),
            R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"x":1.10,"requestId":1,"RequestId":1}})");
}

TEST_F(LinkText, Compat4ASubscriptionIsNamedByTheClientsId) {
  const auto stream = request(
      R"({"jsonrpc":"2.0","id":"L","method":"subscriptions/listen","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})",
      nullptr);
  const auto told = [](const std::string& id) {
    return R"({"jsonrpc":"2.0","method":"notifications/x","params":{"n":1.10,"_meta":{"io.modelcontextprotocol/subscriptionId":)" +
           id + "}}}";
  };
  say(told("1"));
  EXPECT_EQ(heard(stream), event(told("\"L\"")));
  say(R"({"jsonrpc":"2.0","id":1,"result":{"_meta":{"io.modelcontextprotocol/subscriptionId":1},"n":1.10}})");
  EXPECT_EQ(
      heard(stream),
      event(
          R"({"jsonrpc":"2.0","id":"L","result":{"_meta":{"io.modelcontextprotocol/subscriptionId":"L"},"n":1.10}})"));
}

TEST_F(LinkText, Compat4LineEndsBetweenValuesEndNoEvent) {
  const auto answer = call("1");
  say("{\"jsonrpc\":\"2.0\",\"id\":1,\r\"result\":{\r\n\"n\":\n1.10}}");
  EXPECT_EQ(heard(answer), R"({"jsonrpc":"2.0","id":1, "result":{  "n": 1.10}})");
}

TEST_F(SharedLinkText, Compat4EachClientGetsTheResultOfInitializeWithItsDigits) {
  const auto asking = [](const std::string& id) {
    return R"({"jsonrpc":"2.0","id":)" + id +
           R"(,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"c","version":"1"}}})";
  };
  const auto first = request(asking("\"A\""), session, false);
  say(R"({"id":1,"result":{"x":)" + numbers() +
      R"(,"protocolVersion":"2025-06-18","capabilities":{"tasks":{},"tools":{"n":1.10},"extensions":{"io.modelcontextprotocol/tasks":{}}}},"jsonrpc":"2.0"})");
  const auto expected = [](const std::string& id) {
    return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"x":)" + numbers() +
           R"(,"protocolVersion":"2024-11-05","capabilities":{"tools":{"n":1.10},"extensions":{}}}})";
  };
  EXPECT_EQ(heard(first), expected("\"A\""));
  EXPECT_EQ(heard(request(asking("7"), join("bob"), false)), expected("7"));
}

TEST_F(SharedLinkText, Compat4WhatWouldMakeItATaskIsTakenOutAndAllElseStays) {
  request(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","task":{"ttl":1},"Task":{},"arguments":{"task":1.10}}})");
  EXPECT_EQ(last_sent(),
            R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"task":1.10}}})");
}

TEST_F(SharedLinkText, Compat4OfAListThatChangedNothingElseIsTold) {
  const auto listening = pipe();
  session->listen(listening);
  say(R"({"method":"notifications/tools/list_changed","params":{"for":"bob"},"jsonrpc":"2.0","extra":1})");
  EXPECT_EQ(heard(listening), event(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})"));
}

}  // namespace
}  // namespace postern::upstream
