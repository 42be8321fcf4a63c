#include "upstream/duplex/hub.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/upstream/duplex/hub_fixture.hpp"

namespace postern::upstream {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(Hub, ASessionIsOpenedUsedAndEnded) {
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session();
    EXPECT_GE(session.size(), 40U) << "nobody guesses it";
    auto used = request("POST", session, call("tools/call"));
    used.body = R"({"jsonrpc":"2.0","id":"text","method":"tools/call","params":{"name":"x"}})";
    const auto answer = co_await ask(std::move(used));
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr(R"("id":"text")"));
    auto told = request("POST", session, R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
    const auto accepted = co_await ask(std::move(told));
    EXPECT_EQ(accepted.status, 202);
    auto removal = request("DELETE", session);
    const auto removed = co_await ask(std::move(removal));
    EXPECT_EQ(removed.status, 200);
    auto late = request("POST", session, call("ping"));
    const auto gone = co_await ask(std::move(late));
    EXPECT_EQ(gone.status, 404);
  };
  run(io, test());
}

TEST_F(Hub, WhatASessionIsNeededForIsRefusedWithoutOne) {
  const auto test = [this]() -> awaitable<void> {
    for (const auto* method : {"GET", "DELETE"}) {
      auto none = request(method, "");
      const auto refused = co_await ask(std::move(none));
      EXPECT_EQ(refused.status, 400) << method;
      auto unknown = request(method, "unknown");
      const auto missing = co_await ask(std::move(unknown));
      EXPECT_EQ(missing.status, 404) << method;
      auto modern = request(method, "");
      modern.headers.set("MCP-Protocol-Version", "2026-07-28");
      const auto not_allowed = co_await ask(std::move(modern));
      EXPECT_EQ(not_allowed.status, 405) << method;
    }
    auto call_without = request("POST", "", call("tools/list"));
    const auto refused = co_await ask(std::move(call_without));
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("Mcp-Session-Id"));
  };
  run(io, test());
}

TEST_F(Hub, WithoutSessionsEachCallerOfAUserHasAProcessOfItsOwn) {
  const auto test = [this]() -> awaitable<void> {
    std::vector<std::string> answers;
    for (const auto* caller : {"alice in acme", "alice in globex", "alice in acme"}) {
      auto asked = modern("tools/call", "alice");
      asked.caller = caller;
      asked.body = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":{)"
                   R"("io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";
      const auto answer = co_await ask(std::move(asked));
      answers.push_back(answer.body);
    }
    EXPECT_THAT(answers[0], HasSubstr(R"("pid":)"));
    EXPECT_NE(answers[1], answers[0]);
    EXPECT_EQ(answers[2], answers[0]);
  };
  run(io, test());
  EXPECT_EQ(hub.running("behind"), 2U);
}

TEST_F(Hub, AServerThatEndsFailsWhatIsUnderWayAndItsSession) {
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session();
    auto fatal = request("POST", session, call("prompts/list"));
    const auto ended = co_await begin(std::move(fatal));
    EXPECT_EQ(error_of(ended), Errc::closed);
    auto late = request("POST", session, call("ping"));
    const auto gone = co_await ask(std::move(late));
    EXPECT_EQ(gone.status, 404);
    const auto again = co_await open_session();
    EXPECT_NE(again, session);
  };
  run(io, test());
}

TEST_F(Hub, WhatTheServerSaysByItselfComesOnTheStreamOfTheCallOrOnTheOneThatListens) {
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session();
    auto streamed = request("POST", session, call("tools/list"));
    const auto with = co_await ask(std::move(streamed));
    EXPECT_THAT(with.body, HasSubstr("event: message\ndata: {")) << "nobody listens: it is put before the answer";
    EXPECT_THAT(with.body, HasSubstr("list_changed"));
    auto plain = request("POST", session, call("tools/list"), false);
    const auto without = co_await ask(std::move(plain));
    EXPECT_THAT(without.body, Not(HasSubstr("list_changed")));
    auto listening = request("GET", session);
    auto begun = co_await begin(std::move(listening));
    const auto stream = must(std::move(begun));
    EXPECT_EQ(stream->head().status, 200);
    std::string heard;
    while (heard.find("list_changed") == std::string::npos) {
      const auto bytes = co_await stream->read_body();
      const std::string_view piece = must(bytes);
      if (piece.empty()) break;
      heard += piece;
    }
    EXPECT_THAT(heard, HasSubstr("list_changed")) << "kept until somebody listened";
  };
  run(io, test());
}

TEST_F(Hub, OnlyWhoWasAskedMayAnswer) {
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session();
    auto asking = request("POST", session, call("ping"));
    const auto asked = co_await ask(std::move(asking));
    EXPECT_THAT(asked.body, HasSubstr(R"("method":"roots/list")"));
    const auto other = co_await open_session();
    for (const auto& from : {other, session, session}) {
      auto answer = request("POST", from, R"({"jsonrpc":"2.0","id":"q","result":{"roots":[]}})");
      const auto taken = co_await ask(std::move(answer));
      EXPECT_EQ(taken.status, 202);
    }
    // Behind what came before, so that it was read.
    for (const auto& to : {other, session}) {
      auto last = request("POST", to, call("resources/templates/list"));
      co_await ask(std::move(last));
    }
  };
  run(io, test());
  hub.stop();
  EXPECT_EQ(log.lines(R"("id":"q")").size(), 1U) << "the server got one answer, from the session it had asked";
}

TEST_F(Hub, SilenceIsBoundedAndACancelledCallEnds) {
  options.stream_idle_timeout = 100ms;
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session();
    auto silent = request("POST", session, call("resources/list"));
    const auto late = co_await begin(std::move(silent));
    EXPECT_EQ(error_of(late), Errc::timed_out);
    auto held = request("POST", session, call("resources/list"));
    asio::post(io, [this] { slot.cancel(); });
    const auto cancelled = co_await begin(std::move(held));
    EXPECT_EQ(error_of(cancelled), Errc::cancelled);
  };
  run(io, test());
}

TEST_F(Hub, ItsEndIsToldToWhoeverWaits) {
  const auto test = [this]() -> awaitable<void> {
    const auto session = co_await open_session();
    auto held = request("POST", session, call("resources/list"));
    asio::post(io, [this] { hub.stop(); });
    const auto ended = co_await begin(std::move(held));
    EXPECT_EQ(error_of(ended), Errc::unavailable);
  };
  run(io, test());
}

TEST_F(Hub, AProgramThatIsNotThereIsAnError) {
  options.child.command = {"no-such-program"};
  const auto test = [this]() -> awaitable<void> {
    auto asked = request("POST", "", call("initialize"));
    const auto refused = co_await begin(std::move(asked));
    EXPECT_EQ(error_of(refused), Errc::not_found);
  };
  run(io, test());
}

}  // namespace
}  // namespace postern::upstream
