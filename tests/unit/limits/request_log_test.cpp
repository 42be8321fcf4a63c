#include "limits/request_log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::limits {
namespace {

using telemetry::StrangerLine;

class EventLog final : public telemetry::Log {
 public:
  using telemetry::Log::audit;
  bool enabled(telemetry::Level level) const noexcept override { return level >= telemetry::Level::info; }
  void write(telemetry::Level, std::string_view event, std::span<const telemetry::Field>) override {
    events.emplace_back(event);
  }
  void audit(std::string_view event, std::span<const telemetry::Field>) override { events.emplace_back(event); }

  std::vector<std::string> events;
};

class RequestLogTest : public testing::Test {
 protected:
  RequestLog of(const std::string& peer) { return {log_, budgets_, peer}; }
  // Requests of that network until its lines are used up.
  void use_up(StrangerLine line, const std::string& peer) {
    while (of(peer).admits(line)) {
    }
  }

  EventLog log_;
  RefusalLog budgets_;
};

TEST_F(RequestLogTest, Attack7WhatAPageLogsOfStrangersHasABudget) {
  for (int i = 0; i < 10'000; ++i) {
    auto log = of("192.0.2.1");
    log.info("client_refused");
    log.warning("redirect_uris_left_out");
    log.error("page_unavailable");
  }
  const auto lines = log_.events.size();
  EXPECT_GE(lines, 300U);
  EXPECT_LT(lines, 3'000U);
  EXPECT_EQ(lines % 3, 0U);
  of("192.0.3.1").info("client_refused");
  EXPECT_EQ(log_.events.size(), lines + 1);
}

TEST_F(RequestLogTest, ARequestHasAllOfItsLinesOrNone) {
  auto first = of("192.0.2.1");
  first.info("first");
  use_up(StrangerLine::refused, "192.0.2.1");
  first.info("second");
  EXPECT_TRUE(first.admits(StrangerLine::refused));
  of("192.0.2.1").info("of another request");
  EXPECT_EQ(log_.events, (std::vector<std::string>{"first", "second"}));
}

TEST_F(RequestLogTest, Attack7AFloodOfOneKindHidesNoneOfAnother) {
  use_up(StrangerLine::refused, "192.0.2.1");
  for (const auto line : {StrangerLine::answered, StrangerLine::sign_in, StrangerLine::registration})
    EXPECT_TRUE(of("192.0.2.1").admits(line));
}

TEST_F(RequestLogTest, AuditLinesPassWhateverElseIsLogged) {
  use_up(StrangerLine::refused, "192.0.2.1");
  of("192.0.2.1").audit("signed_in", {});
  EXPECT_EQ(log_.events, std::vector<std::string>{"signed_in"});
}

TEST_F(RequestLogTest, LinesThatTheLogDoesNotTakeCostNothing) {
  for (int i = 0; i < 1'000; ++i) of("192.0.2.1").debug("detail");
  of("192.0.2.1").info("client_refused");
  EXPECT_EQ(log_.events, std::vector<std::string>{"client_refused"});
}

}  // namespace
}  // namespace postern::limits
