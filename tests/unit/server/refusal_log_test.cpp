#include "server/refusal_log.hpp"

#include <gtest/gtest.h>

namespace postern::server {
namespace {

using std::chrono::seconds;

TEST(RefusalLog, Attack7OneNetworkFillsNoDiskAndHidesNoOther) {
  RefusalLog log;
  const auto now = RefusalLog::Time::clock::now();
  int admitted = 0;
  for (int i = 0; i < 10'000; ++i) admitted += log.admits("192.0.2.1", now) ? 1 : 0;
  EXPECT_EQ(admitted, 100);
  EXPECT_TRUE(log.admits("192.0.2.2", now));
  EXPECT_EQ(log.take_left_out(), 9'900U);
  EXPECT_EQ(log.take_left_out(), 0U);
  EXPECT_TRUE(log.admits("192.0.2.1", now + seconds(1)));
}

TEST(RefusalLog, Attack7ManyNetworksShareABudgetToo) {
  RefusalLog log;
  const auto now = RefusalLog::Time::clock::now();
  int admitted = 0;
  for (int i = 0; i < 5'000; ++i) {
    const auto peer = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    admitted += log.admits(peer, now) ? 1 : 0;
  }
  EXPECT_EQ(admitted, 2'000);
}

}  // namespace
}  // namespace postern::server
