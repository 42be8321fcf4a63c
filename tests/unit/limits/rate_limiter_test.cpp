#include "limits/rate_limiter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace postern::limits {
namespace {

// A limiter with the rate that a test gives it.
struct Limiter {
  explicit Limiter(config::Rate of, std::size_t capacity = 100'000) : rate(of), limiter(capacity) {}

  int take(std::string_view key, Turn::Time now) { return limiter.take(key, now, rate); }
  Turn reserve(std::string_view key, Turn::Time now, const QueueLimits& limits) {
    return limiter.reserve(key, now, rate, limits);
  }

  config::Rate rate;
  RateLimiter limiter;
};

using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr SteadyTime kStart = SteadyTime(1h);

int taken(Limiter& limiter, std::string_view key, SteadyTime now, int attempts = 1000) {
  int passed = 0;
  for (int i = 0; i < attempts; ++i) passed += limiter.take(key, now) == 0 ? 1 : 0;
  return passed;
}

TEST(RateLimiter, LetsABurstPassAndNotOneMore) {
  Limiter limiter({.per_second = 2, .burst = 5});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.take("a", kStart), 0);
  EXPECT_GT(limiter.take("a", kStart), 0);
}

TEST(RateLimiter, RefillsWithTime) {
  Limiter limiter({.per_second = 2, .burst = 5});
  taken(limiter, "a", kStart);
  EXPECT_GT(limiter.take("a", kStart + 499ms), 0);
  EXPECT_EQ(limiter.take("a", kStart + 501ms), 0);
  EXPECT_GT(limiter.take("a", kStart + 501ms), 0);
  EXPECT_EQ(taken(limiter, "a", kStart + 2600ms), 4);
}

TEST(RateLimiter, RefillsNoFurtherThanTheBurst) {
  Limiter limiter({.per_second = 2, .burst = 5});
  taken(limiter, "a", kStart);
  EXPECT_EQ(taken(limiter, "a", kStart + 24h), 5);
}

TEST(RateLimiter, RefusalsCostNothing) {
  Limiter limiter({.per_second = 1, .burst = 1});
  int passed = 0;
  for (int tick = 0; tick < 1000; ++tick) passed += limiter.take("a", kStart + tick * 10ms) == 0 ? 1 : 0;
  EXPECT_EQ(passed, 10);
}

// RFC 9110 section 10.2.3: who comes back after that many seconds gets in.
TEST(RateLimiter, TellsHowManySecondsToWait) {
  for (const config::Rate rate :
       {config::Rate{10, 3}, config::Rate{1, 1}, config::Rate{0.5, 2}, config::Rate{0.01, 1}}) {
    Limiter limiter(rate);
    taken(limiter, "a", kStart);
    const int wait = limiter.take("a", kStart);
    ASSERT_GT(wait, 0);
    EXPECT_LE(wait, static_cast<int>(1 / rate.per_second) + 1);
    EXPECT_EQ(limiter.take("a", kStart + std::chrono::seconds(wait) + 1ms), 0) << rate.per_second;
  }
}

TEST(RateLimiter, KeysDoNotShareABudget) {
  Limiter limiter({.per_second = 1, .burst = 3});
  EXPECT_EQ(taken(limiter, "a", kStart), 3);
  EXPECT_EQ(taken(limiter, "b", kStart), 3);
  EXPECT_EQ(taken(limiter, "", kStart), 3);
  EXPECT_EQ(taken(limiter, "a", kStart), 0);
}

TEST(RateLimiter, TracksNoMoreKeysThanItMay) {
  constexpr std::size_t kCapacity = 160;
  Limiter limiter({.per_second = 1, .burst = 2}, kCapacity);
  std::size_t admitted = 0;
  for (int i = 0; i < 10'000; ++i) admitted += limiter.take("key" + std::to_string(i), kStart) == 0 ? 1 : 0;
  EXPECT_EQ(admitted, kCapacity);
  EXPECT_GT(limiter.take("one more", kStart), 0);
}

TEST(RateLimiter, AFloodOfKeysDoesNotWashOutOneThatIsUsedUp) {
  Limiter limiter({.per_second = 0.001, .burst = 1}, 160);
  EXPECT_EQ(limiter.take("attacker", kStart), 0);
  for (int i = 0; i < 10'000; ++i) limiter.take("key" + std::to_string(i), kStart + 1s);
  EXPECT_GT(limiter.take("attacker", kStart + 1s), 0);
}

TEST(RateLimiter, KeysThatAreFullAgainMakeRoomForOthers) {
  Limiter limiter({.per_second = 1, .burst = 1}, 160);
  for (int i = 0; i < 10'000; ++i) limiter.take("key" + std::to_string(i), kStart);
  std::size_t admitted = 0;
  for (int i = 0; i < 10'000; ++i) admitted += limiter.take("other" + std::to_string(i), kStart + 2s) == 0 ? 1 : 0;
  EXPECT_EQ(admitted, 160u);
}

TEST(RateLimiter, ThreadsTogetherGetOneBurst) {
  Limiter limiter({.per_second = 1, .burst = 100});
  std::atomic<int> passed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { passed += taken(limiter, "a", kStart); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(passed, 100);
}

// Calls that come all at once, and when each may go; those that are refused are left out.
class RateLimiterQueue : public ::testing::Test {
 protected:
  static constexpr QueueLimits kSecond{.longest = 1s, .of_one_key = 1000, .in_all = 1000};

  static std::vector<Turn> come(Limiter& limiter, int calls, SteadyTime now, const QueueLimits& limits = kSecond) {
    std::vector<Turn> turns;
    for (int i = 0; i < calls; ++i) {
      auto turn = limiter.reserve("a", now, limits);
      if (turn) turns.push_back(std::move(turn));
    }
    return turns;
  }
  static long long milliseconds(const Turn& turn) {
    return std::chrono::round<std::chrono::milliseconds>(turn.at() - kStart).count();
  }
};

TEST_F(RateLimiterQueue, Compat17WhatABurstHoldsGoesAtOnceAndTheRestInOrderWithinASecond) {
  Limiter limiter({.per_second = 50, .burst = 40});
  auto turns = come(limiter, 80, kStart);
  ASSERT_EQ(turns.size(), 80u);
  for (std::size_t i = 0; i < turns.size(); ++i) {
    EXPECT_EQ(turns[i].waits(), i >= 40) << i;
    if (i >= 40) EXPECT_EQ(milliseconds(turns[i]), 20 * (static_cast<int>(i) - 39));
  }
}

TEST_F(RateLimiterQueue, WhatWouldWaitLongerIsRefusedAndToldWhenToComeBack) {
  Limiter limiter({.per_second = 50, .burst = 1});
  auto turns = come(limiter, 51, kStart);
  ASSERT_EQ(turns.size(), 51u);
  const auto refused = limiter.reserve("a", kStart, kSecond);
  EXPECT_FALSE(refused);
  EXPECT_EQ(refused.retry_after(), 2);
  for (auto& turn : turns) turn.take();
  EXPECT_TRUE(limiter.reserve("a", kStart + 2s, kSecond));
}

TEST_F(RateLimiterQueue, NobodyOvertakesWhoWaits) {
  Limiter limiter({.per_second = 10, .burst = 1});
  auto turns = come(limiter, 4, kStart);
  ASSERT_EQ(turns.size(), 4u);
  EXPECT_GT(limiter.take("a", kStart + 299ms), 0) << "without a place in the queue either";
  const auto later = limiter.reserve("a", kStart + 250ms, kSecond);
  EXPECT_EQ(milliseconds(later), 400);
  const auto other = limiter.reserve("b", kStart + 250ms, kSecond);
  EXPECT_FALSE(other.waits()) << "another key does not stand in this queue";
}

TEST_F(RateLimiterQueue, TheRateIsNeverExceededHoweverManyWaitAndLeave) {
  Limiter limiter({.per_second = 10, .burst = 5});
  int gone = 0;
  std::vector<Turn> waiting;
  for (int tick = 0; tick < 1000; ++tick) {
    const auto now = kStart + tick * 10ms;
    std::erase_if(waiting, [&](Turn& turn) {
      if (turn.at() > now) return false;
      turn.take();
      ++gone;
      return true;
    });
    for (int i = 0; i < 3; ++i) {
      auto turn = limiter.reserve("a", now, kSecond);
      if (turn && !turn.waits()) ++gone;
      if (turn.waits()) waiting.push_back(std::move(turn));
    }
    // Some lose patience, from anywhere in the queue.
    if (tick % 50 == 0 && !waiting.empty()) waiting.erase(waiting.begin() + tick % static_cast<int>(waiting.size()));
    ASSERT_LE(gone, 5 + 10 * (tick + 1) * 0.01 + 1e-9) << tick;
  }
  EXPECT_GE(gone, 40) << "those who stay do go";
}

TEST_F(RateLimiterQueue, WhoLeavesAtTheEndGivesItsPlaceBackAndTheOthersKeepTheirs) {
  Limiter limiter({.per_second = 10, .burst = 1});
  auto turns = come(limiter, 4, kStart);
  ASSERT_EQ(turns.size(), 4u);
  turns.pop_back();
  turns.pop_back();
  EXPECT_EQ(milliseconds(limiter.reserve("a", kStart, kSecond)), 200);
  turns.push_back(limiter.reserve("a", kStart, kSecond));
  turns.erase(turns.begin() + 1);
  EXPECT_EQ(milliseconds(limiter.reserve("a", kStart, kSecond)), 300) << "nobody moves into a place in the middle";
}

TEST_F(RateLimiterQueue, NoMoreWaitThanMayOfOneKeyAndInAll) {
  Limiter limiter({.per_second = 100, .burst = 1});
  const QueueLimits few{.longest = 1s, .of_one_key = 3, .in_all = 5};
  auto turns = come(limiter, 50, kStart, few);
  EXPECT_EQ(turns.size(), 4u) << "one that goes at once and three that wait";
  std::vector<Turn> others;
  for (const auto* key : {"b", "b", "c", "c", "d", "d"}) others.push_back(limiter.reserve(key, kStart, few));
  const auto waiting = std::count_if(others.begin(), others.end(), [](const Turn& turn) { return turn.waits(); });
  EXPECT_EQ(waiting, 2);
  EXPECT_FALSE(others.back());
  EXPECT_EQ(others.back().retry_after(), 1);
  turns.clear();
  EXPECT_TRUE(limiter.reserve("d", kStart, few)) << "who has left leaves room";
}

TEST_F(RateLimiterQueue, AKeyIsNotForgottenWhileSomebodyWaits) {
  Limiter limiter({.per_second = 100, .burst = 1}, 16);
  auto turns = come(limiter, 2, kStart);
  ASSERT_EQ(turns.size(), 2u);
  for (int i = 0; i < 1000; ++i) limiter.take("key" + std::to_string(i), kStart + 1h);
  turns.back().take();
}

TEST_F(RateLimiterQueue, ThreadsTogetherGetOneOrder) {
  Limiter limiter({.per_second = 1000, .burst = 1});
  const QueueLimits many{.longest = 1s, .of_one_key = 1000, .in_all = 1000};
  std::vector<std::vector<Turn>> turns(4);
  std::vector<std::thread> threads;
  for (auto& own : turns) threads.emplace_back([&] { own = come(limiter, 100, kStart, many); });
  for (auto& thread : threads) thread.join();
  std::vector<long long> times;
  for (const auto& own : turns) {
    EXPECT_TRUE(std::is_sorted(own.begin(), own.end(), [](const Turn& a, const Turn& b) { return a.at() < b.at(); }));
    for (const auto& turn : own) times.push_back(milliseconds(turn));
  }
  std::sort(times.begin(), times.end());
  ASSERT_EQ(times.size(), 400u);
  for (std::size_t i = 0; i < times.size(); ++i) EXPECT_EQ(times[i], static_cast<long long>(i));
}

TEST(RateLimiter, AChangedRateCountsAtOnceWithWhatWasUsed) {
  Limiter limiter({.per_second = 1, .burst = 10});
  EXPECT_EQ(taken(limiter, "a", kStart, 8), 8);
  limiter.rate = {.per_second = 100, .burst = 4};
  EXPECT_EQ(taken(limiter, "a", kStart, 8), 2) << "what was left of the former burst";
  EXPECT_EQ(taken(limiter, "a", kStart + 1s, 8), 4);
}

}  // namespace
}  // namespace postern::limits
