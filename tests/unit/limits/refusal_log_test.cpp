#include "limits/refusal_log.hpp"

#include <gtest/gtest.h>

namespace postern::limits {
namespace {

using std::chrono::seconds;

constexpr auto kRefused = RefusalLog::Line::refused;

TEST(RefusalLog, Attack7OneNetworkFillsNoDiskAndHidesNoOther) {
  RefusalLog log;
  const auto now = RefusalLog::Time::clock::now();
  int admitted = 0;
  for (int i = 0; i < 10'000; ++i) admitted += log.admits(kRefused, "192.0.2.1", now) ? 1 : 0;
  EXPECT_EQ(admitted, 100);
  EXPECT_TRUE(log.admits(kRefused, "192.0.2.2", now));
  EXPECT_EQ(log.take_left_out(kRefused), 9'900U);
  EXPECT_EQ(log.take_left_out(kRefused), 0U);
  EXPECT_TRUE(log.admits(kRefused, "192.0.2.1", now + seconds(1)));
}

TEST(RefusalLog, Attack7ManyNetworksShareABudgetToo) {
  RefusalLog log;
  const auto now = RefusalLog::Time::clock::now();
  int admitted = 0;
  for (int i = 0; i < 5'000; ++i) {
    const auto peer = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    admitted += log.admits(kRefused, peer, now) ? 1 : 0;
  }
  EXPECT_EQ(admitted, 2'000);
}

TEST(RefusalLog, Attack7ANetworkOfManyNetworksLeavesLinesForOthers) {
  RefusalLog log;
  const auto now = RefusalLog::Time::clock::now();
  int admitted = 0;
  for (int i = 0; i < 9'000; ++i) {
    const auto peer = "2001:db8:" + std::to_string(i) + "::1";
    admitted += log.admits(kRefused, peer, now) ? 1 : 0;
  }
  EXPECT_EQ(admitted, 400);
  EXPECT_TRUE(log.admits(kRefused, "2001:db9::1", now));
}

TEST(RefusalLog, Attack7KindsOfLinesHaveBudgetsOfTheirOwn) {
  RefusalLog log;
  const auto now = RefusalLog::Time::clock::now();
  for (int i = 0; i < 200; ++i) (void)log.admits(kRefused, "192.0.2.1", now);
  EXPECT_TRUE(log.admits(RefusalLog::Line::sign_in, "192.0.2.1", now));
  EXPECT_EQ(log.take_left_out(RefusalLog::Line::sign_in), 0U);
  EXPECT_EQ(log.take_left_out(kRefused), 100U);
}

}  // namespace
}  // namespace postern::limits
