// One process for all: what the server says goes to whom it is for, or to nobody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/upstream/duplex/hub_fixture.hpp"

namespace postern::upstream {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class SharedHub : public Hub {
 protected:
  SharedHub() { options.shared = true; }
};

TEST_F(SharedHub, TheGatewayInitializesItOnceAndAnswersEachClientForItself) {
  const auto test = [this]() -> awaitable<void> {
    const std::string old = R"({"protocolVersion":"2024-11-05","capabilities":{"sampling":{}}})";
    const std::string newer = R"({"protocolVersion":"2025-11-25","capabilities":{}})";
    const auto first = co_await initialize("alice", old);
    EXPECT_THAT(first.body, AllOf(HasSubstr(R"("protocolVersion":"2024-11-05")"), Not(HasSubstr("tasks"))));
    const auto second = co_await initialize("bob", newer);
    EXPECT_THAT(second.body, HasSubstr(R"("protocolVersion":"2025-06-18")")) << "the newest that the server knows";
    EXPECT_NE(first.session, second.session);
    const std::string initialized = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
    const auto accepted = co_await status_of(first.session, initialized);
    EXPECT_EQ(accepted, 202);
    const auto last = call("tools/call", 2, R"({"name":"x"})");
    const auto answered = co_await status_of(first.session, last);
    EXPECT_EQ(answered, 200);
  };
  run(io, test());
  hub.stop();
  const auto said = log.lines(R"("method":"initialize")");
  ASSERT_EQ(said.size(), 1U);
  EXPECT_THAT(said[0], AllOf(HasSubstr(R"("capabilities":{})"), HasSubstr(R"("name":"postern")"),
                             HasSubstr(R"("protocolVersion":"2025-11-25")")));
  EXPECT_EQ(log.lines("notifications/initialized").size(), 1U);
}

TEST_F(SharedHub, NobodyIsAskedWhatTheServerAsksAndNobodyMayAnswer) {
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session();
    auto asking = request("POST", session, call("ping"));
    const auto asked = co_await ask(std::move(asking));
    EXPECT_THAT(asked.body, Not(HasSubstr("roots/list"))) << "though it is the only session";
    const std::string forged = R"({"jsonrpc":"2.0","id":"q","result":{"roots":["forged"]}})";
    const auto taken = co_await status_of(session, forged);
    EXPECT_EQ(taken, 202);
    const auto last = call("tools/call", 2, R"({"name":"x"})");
    co_await status_of(session, last);
  };
  run(io, test());
  hub.stop();
  const auto answers = log.lines(R"("id":"q")");
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_THAT(answers[0], HasSubstr("several clients share this server"));
}

TEST_F(SharedHub, WhatIsSaidDuringAModernCallIsNotTheOnlySessions) {
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session("alice");
    const auto stream = co_await listen(session);
    auto calling = modern("tools/list", "bob");
    const auto answer = co_await ask(std::move(calling));
    EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
    auto pinging = modern("ping", "bob");
    co_await ask(std::move(pinging));
    const auto heard = co_await hear(*stream);
    EXPECT_THAT(heard, AllOf(HasSubstr("tools/list_changed"), Not(HasSubstr("secret")), Not(HasSubstr("updated")),
                             Not(HasSubstr("roots"))));
  };
  run(io, test());
}

TEST_F(SharedHub, WhatIsLeftOfASessionThatEndedGoesToNobody) {
  const auto test = [this]() -> awaitable<void> {
    const auto alices = co_await open_session("alice");
    const auto bobs = co_await open_session("bob");
    auto calling = request("POST", bobs, call("tools/list"));
    auto removal = request("DELETE", bobs);
    co_await ask(std::move(calling));
    co_await ask(std::move(removal));
    const auto stream = co_await listen(alices);
    const auto heard = co_await hear(*stream);
    EXPECT_THAT(heard, AllOf(HasSubstr("list_changed"), Not(HasSubstr("secret"))));
  };
  run(io, test());
}

TEST_F(SharedHub, AChangedResourceIsToldToWhoSubscribedAndTheServerHearsOfTheLastOneWhoLeft) {
  const std::string uri = R"({"uri":"x://one"})";
  const auto test = [this, uri]() -> awaitable<void> {
    const auto alices = co_await open_session("alice");
    const auto bobs = co_await open_session("bob");
    for (const auto& session : {alices, bobs}) {
      const auto subscribing = call("resources/subscribe", 3, uri);
      const auto subscribed = co_await status_of(session, subscribing);
      EXPECT_EQ(subscribed, 200);
    }
    const auto unsubscribing = call("resources/unsubscribe", 4, uri);
    const auto unsubscribed = co_await status_of(alices, unsubscribing);
    EXPECT_EQ(unsubscribed, 200);
    const auto changing = call("tools/list");
    co_await status_of(alices, changing);
    for (const auto& session : {alices, bobs}) {
      const auto stream = co_await listen(session);
      const auto heard = co_await hear(*stream);
      EXPECT_EQ(heard.find("resources/updated") != std::string::npos, session == bobs);
    }
    auto removal = request("DELETE", bobs);
    co_await ask(std::move(removal));
    const auto last = call("tools/call", 5, R"({"name":"x"})");
    co_await status_of(alices, last);
  };
  run(io, test());
  hub.stop();
  EXPECT_EQ(log.lines("resources/subscribe").size(), 2U);
  EXPECT_EQ(log.lines("resources/unsubscribe").size(), 1U) << "not before the last one left";
}

TEST_F(SharedHub, LongUrisAndTasksAreRefused) {
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session();
    const std::string params = R"({"uri":"x://)" + std::string(5000, 'a') + "\"}";
    auto subscribing = request("POST", session, call("resources/subscribe", 2, params));
    const auto refused = co_await ask(std::move(subscribing));
    EXPECT_THAT(refused.body, AllOf(HasSubstr("-32602"), HasSubstr("params.uri is longer than 4096 bytes")));
    for (const auto* method : {"tasks/get", "tasks/cancel", "tasks/list"}) {
      auto asked = request("POST", session, call(method, 3, R"({"taskId":"of-another"})"));
      const auto none = co_await ask(std::move(asked));
      EXPECT_THAT(none.body, AllOf(HasSubstr("-32601"), HasSubstr("there are no tasks here"))) << method;
    }
    const auto task = call("prompts/get", 4, R"({"name":"x","task":{"ttl":1}})");
    const auto answered = co_await status_of(session, task);
    EXPECT_EQ(answered, 200);
  };
  run(io, test());
  hub.stop();
  EXPECT_EQ(log.lines("scribe").size(), 0U);
  const auto passed = log.lines("prompts/get");
  ASSERT_EQ(passed.size(), 1U);
  EXPECT_THAT(passed[0], Not(HasSubstr("task")));
}

TEST_F(SharedHub, OneUserHasSoManySessionsAndTheLongestUnusedGoes) {
  const auto test = [this]() -> awaitable<void> {
    const auto bobs = co_await open_session("bob");
    const auto first = co_await open_session("alice");
    const auto second = co_await open_session("alice");
    for (int i = 0; i < 498; ++i) co_await open_session("alice");
    const auto pinging = call("tools/call", 2, R"({"name":"x"})");
    const auto used = co_await status_of(first, pinging);
    EXPECT_EQ(used, 200);
    co_await open_session("alice");
    const auto gone = co_await status_of(second, pinging);
    EXPECT_EQ(gone, 404);
    for (const auto& session : {first, bobs}) {
      const auto stays = co_await status_of(session, pinging);
      EXPECT_EQ(stays, 200);
    }
  };
  run(io, test());
}

}  // namespace
}  // namespace postern::upstream
