// A process for each session: who gives way to whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/upstream/duplex/hub_fixture.hpp"

namespace postern::upstream {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

class Room : public Hub {
 protected:
  // A call that the server does not answer: it is under way until its exchange goes.
  awaitable<std::unique_ptr<Exchange>> hold(std::string session) {
    auto asked = request("POST", std::move(session), call("resources/list"));
    auto begun = co_await begin(std::move(asked));
    co_return must(std::move(begun));
  }
  awaitable<int> use(std::string session) {
    auto body = call("tools/call", 2, R"({"name":"x"})");
    const auto status = co_await status_of(std::move(session), std::move(body));
    co_return status;
  }
};

TEST_F(Room, OneUserHasHalfAndMakesRoomForHimselfThoughHeListens) {
  options.processes = 4;
  const auto test = [this]() -> awaitable<void> {
    const auto first = co_await open_session("alice");
    const auto second = co_await open_session("alice");
    const auto one = co_await listen(first);
    const auto two = co_await listen(second);
    co_await use(first);
    const auto third = co_await open_session("alice");
    const auto gone = co_await use(second);
    EXPECT_EQ(gone, 404) << "the longest unused";
    for (const auto& session : {first, third}) {
      const auto stays = co_await use(session);
      EXPECT_EQ(stays, 200);
    }
    co_await open_session("bob");
    co_await open_session("bob");
    const auto still = co_await use(first);
    EXPECT_EQ(still, 200) << "nobody had to go for another one's share";
  };
  run(io, test());
}

TEST_F(Room, ACallUnderWayIsNeverEndedForAnotherSession) {
  options.processes = 2;
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session("alice");
    const auto held = co_await hold(session);
    const auto refused = co_await initialize("alice");
    EXPECT_EQ(refused.status, 503);
    EXPECT_GT(refused.retry_after, 0);
    EXPECT_THAT(refused.body, AllOf(HasSubstr(R"("id":7)"), HasSubstr("temporarily_unavailable"),
                                    HasSubstr("all sessions that one user may have have a call under way")));
    co_await open_session("bob");
    held->cancel();
  };
  run(io, test());
}

TEST_F(Room, WhoHasMoreThanTheNewcomerWouldMakesRoom) {
  options.processes = 4;
  const auto test = [this]() -> awaitable<void> {
    const auto alices = co_await open_session("alice");
    const auto listening = co_await listen(alices);
    co_await open_session("alice");
    const auto bobs = co_await open_session("bob");
    const auto last = co_await open_session("dan");
    co_await open_session("carol");
    const auto gone = co_await use(alices);
    EXPECT_EQ(gone, 404) << "the longest unused of the one with the most, though it listens";
    for (const auto& session : {bobs, last}) {
      const auto stays = co_await use(session);
      EXPECT_EQ(stays, 200);
    }
  };
  run(io, test());
}

TEST_F(Room, WhereNobodyHasMoreAShortlyUsedSessionStaysAndRetryAfterSaysHowLong) {
  options.processes = 2;
  const auto test = [this]() -> awaitable<void> {
    const auto alices = co_await open_session("alice");
    const auto bobs = co_await open_session("bob");
    const auto refused = co_await initialize("carol");
    EXPECT_EQ(refused.status, 503);
    EXPECT_THAT(refused.retry_after, AllOf(Ge(1), Le(60)));
    for (const auto& session : {alices, bobs}) {
      const auto stays = co_await use(session);
      EXPECT_EQ(stays, 200);
    }
  };
  run(io, test());
}

TEST_F(Room, TheProcessesOfTheModernEraCountLikeSessions) {
  options.processes = 4;
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session("alice");
    for (const auto* client : {"alice's first", "alice's second"}) {
      auto asked = modern("tools/call", "alice");
      asked.caller = client;
      asked.body = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":{)"
                   R"("io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";
      const auto answer = co_await ask(std::move(asked));
      EXPECT_EQ(answer.status, 200);
    }
    const auto gone = co_await use(session);
    EXPECT_EQ(gone, 404);
  };
  run(io, test());
  EXPECT_GE(hub.running("behind"), 2U);
  EXPECT_EQ(hub.running("unknown"), 0U);
}

TEST_F(Room, WhatIsKeptOfARequestIsShort) {
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session();
    const std::string token = std::string(300, 't');
    const std::string params = R"({"name":"x","_meta":{"progressToken":")" + token + R"("}})";
    auto asked = request("POST", session, call("tools/call", 2, params));
    const auto refused = co_await ask(std::move(asked));
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, AllOf(HasSubstr("-32602"), HasSubstr("progressToken is longer than 256 bytes")));
    // Of a process of its own nothing is kept: its server may take what it likes.
    const std::string uri = R"({"uri":"x://)" + std::string(5000, 'a') + "\"}";
    const auto subscribing = call("resources/subscribe", 3, uri);
    const auto subscribed = co_await status_of(session, subscribing);
    EXPECT_EQ(subscribed, 200);
  };
  run(io, test());
}

}  // namespace
}  // namespace postern::upstream
