#include "server/rate_limiter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace postern::server {
namespace {

using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr SteadyTime kStart = SteadyTime(1h);

int taken(RateLimiter& limiter, std::string_view key, SteadyTime now, int attempts = 1000) {
  int passed = 0;
  for (int i = 0; i < attempts; ++i) passed += limiter.take(key, now) == 0 ? 1 : 0;
  return passed;
}

TEST(RateLimiter, LetsABurstPassAndNotOneMore) {
  RateLimiter limiter({.per_second = 2, .burst = 5});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.take("a", kStart), 0);
  EXPECT_GT(limiter.take("a", kStart), 0);
}

TEST(RateLimiter, RefillsWithTime) {
  RateLimiter limiter({.per_second = 2, .burst = 5});
  taken(limiter, "a", kStart);
  EXPECT_GT(limiter.take("a", kStart + 499ms), 0);
  EXPECT_EQ(limiter.take("a", kStart + 501ms), 0);
  EXPECT_GT(limiter.take("a", kStart + 501ms), 0);
  EXPECT_EQ(taken(limiter, "a", kStart + 2600ms), 4);
}

TEST(RateLimiter, RefillsNoFurtherThanTheBurst) {
  RateLimiter limiter({.per_second = 2, .burst = 5});
  taken(limiter, "a", kStart);
  EXPECT_EQ(taken(limiter, "a", kStart + 24h), 5);
}

TEST(RateLimiter, RefusalsCostNothing) {
  RateLimiter limiter({.per_second = 1, .burst = 1});
  int passed = 0;
  for (int tick = 0; tick < 1000; ++tick) passed += limiter.take("a", kStart + tick * 10ms) == 0 ? 1 : 0;
  EXPECT_EQ(passed, 10);
}

// RFC 9110 section 10.2.3: who comes back after that many seconds gets in.
TEST(RateLimiter, TellsHowManySecondsToWait) {
  for (const config::Rate rate :
       {config::Rate{10, 3}, config::Rate{1, 1}, config::Rate{0.5, 2}, config::Rate{0.01, 1}}) {
    RateLimiter limiter(rate);
    taken(limiter, "a", kStart);
    const int wait = limiter.take("a", kStart);
    ASSERT_GT(wait, 0);
    EXPECT_LE(wait, static_cast<int>(1 / rate.per_second) + 1);
    EXPECT_EQ(limiter.take("a", kStart + std::chrono::seconds(wait) + 1ms), 0) << rate.per_second;
  }
}

TEST(RateLimiter, KeysDoNotShareABudget) {
  RateLimiter limiter({.per_second = 1, .burst = 3});
  EXPECT_EQ(taken(limiter, "a", kStart), 3);
  EXPECT_EQ(taken(limiter, "b", kStart), 3);
  EXPECT_EQ(taken(limiter, "", kStart), 3);
  EXPECT_EQ(taken(limiter, "a", kStart), 0);
}

TEST(RateLimiter, TracksNoMoreKeysThanItMay) {
  constexpr std::size_t kCapacity = 160;
  RateLimiter limiter({.per_second = 1, .burst = 2}, kCapacity);
  std::size_t admitted = 0;
  for (int i = 0; i < 10'000; ++i) admitted += limiter.take("key" + std::to_string(i), kStart) == 0 ? 1 : 0;
  EXPECT_EQ(admitted, kCapacity);
  EXPECT_GT(limiter.take("one more", kStart), 0);
}

TEST(RateLimiter, AFloodOfKeysDoesNotWashOutOneThatIsUsedUp) {
  RateLimiter limiter({.per_second = 0.001, .burst = 1}, 160);
  EXPECT_EQ(limiter.take("attacker", kStart), 0);
  for (int i = 0; i < 10'000; ++i) limiter.take("key" + std::to_string(i), kStart + 1s);
  EXPECT_GT(limiter.take("attacker", kStart + 1s), 0);
}

TEST(RateLimiter, KeysThatAreFullAgainMakeRoomForOthers) {
  RateLimiter limiter({.per_second = 1, .burst = 1}, 160);
  for (int i = 0; i < 10'000; ++i) limiter.take("key" + std::to_string(i), kStart);
  std::size_t admitted = 0;
  for (int i = 0; i < 10'000; ++i) admitted += limiter.take("other" + std::to_string(i), kStart + 2s) == 0 ? 1 : 0;
  EXPECT_EQ(admitted, 160u);
}

TEST(RateLimiter, ThreadsTogetherGetOneBurst) {
  RateLimiter limiter({.per_second = 1, .burst = 100});
  std::atomic<int> passed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { passed += taken(limiter, "a", kStart); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(passed, 100);
}

}  // namespace
}  // namespace postern::server
