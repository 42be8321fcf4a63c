#include "limits/usage_counter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace postern::limits {
namespace {

using namespace std::chrono_literals;
using store::GrantUse;

constexpr Time kDay{Duration{1'799'971'200'000}};

std::vector<GrantUse> sorted(std::vector<GrantUse> uses) {
  std::ranges::sort(uses, [](const GrantUse& a, const GrantUse& b) {
    return a.grant != b.grant ? a.grant < b.grant : a.day < b.day;
  });
  return uses;
}

TEST(UsageCounter, CountsCallsByGrantAndDay) {
  UsageCounter counter;
  counter.count("a", true, kDay + 1h);
  counter.count("a", true, kDay + 3h);
  counter.count("a", true, kDay + 2h);
  counter.count("b", true, kDay + 1h);
  counter.count("a", true, kDay + 25h);
  const auto uses = sorted(counter.take());
  ASSERT_EQ(uses.size(), 3U);
  EXPECT_EQ(uses[0].calls, 3);
  EXPECT_EQ(uses[0].day, kDay);
  EXPECT_EQ(uses[0].last_used_at, kDay + 3h);
  EXPECT_EQ(uses[1].day, kDay + 24h);
  EXPECT_EQ(uses[1].calls, 1);
  EXPECT_EQ(uses[2].grant, "b");
}

TEST(UsageCounter, WhatIsNoCallIsUseAllTheSame) {
  UsageCounter counter;
  counter.count("a", false, kDay + 1h);
  const auto uses = counter.take();
  ASSERT_EQ(uses.size(), 1U);
  EXPECT_EQ(uses[0].calls, 0);
  EXPECT_EQ(uses[0].last_used_at, kDay + 1h);
}

TEST(UsageCounter, WhatWasTakenIsNotTakenAgain) {
  UsageCounter counter;
  counter.count("a", true, kDay);
  EXPECT_EQ(counter.take().size(), 1U);
  EXPECT_TRUE(counter.take().empty());
}

TEST(UsageCounter, WithoutAGrantNothingIsCounted) {
  UsageCounter counter;
  counter.count("", true, kDay);
  EXPECT_TRUE(counter.take().empty());
}

TEST(UsageCounter, IsBounded) {
  UsageCounter counter(32);
  for (int i = 0; i < 1000; ++i) counter.count("grant-" + std::to_string(i), true, kDay);
  EXPECT_LE(counter.take().size(), 32U);
  for (int day = 0; day < 1000; ++day) counter.count("one", true, kDay + day * 24h);
  EXPECT_LE(counter.take().size(), 32U);
}

TEST(UsageCounter, CallsOfManyThreadsAllCount) {
  UsageCounter counter;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) counter.count("a", true, kDay);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counter.take().at(0).calls, 4000);
}

// A store that cannot be written to for a while.
class AwayStore final : public store::UsageStore {
 public:
  Result<void> add(const std::vector<GrantUse>& uses) override {
    if (away) return fail(Errc::unavailable, "the disk is full");
    kept.insert(kept.end(), uses.begin(), uses.end());
    return {};
  }
  Result<std::map<std::string, std::int64_t>> calls_of(std::string_view, Time) override { return {}; }
  Result<void> put_check(const store::ToolCheck&) override { return {}; }
  Result<std::map<std::string, store::ToolCheck>> checks_of(std::string_view) override { return {}; }

  bool away = true;
  std::vector<GrantUse> kept;
};

TEST(UsageCounter, NothingIsLostWhileTheStoreIsAway) {
  UsageCounter counter;
  AwayStore store;
  counter.count("a", true, kDay);
  EXPECT_FALSE(flush(counter, store));
  counter.count("a", true, kDay + 1h);
  store.away = false;
  EXPECT_TRUE(flush(counter, store));
  ASSERT_EQ(store.kept.size(), 1U);
  EXPECT_EQ(store.kept[0].calls, 2);
  EXPECT_EQ(store.kept[0].last_used_at, kDay + 1h);
}

TEST(UsageCounter, ManyGrantsAreAllKept) {
  UsageCounter counter;
  AwayStore store;
  store.away = false;
  for (int i = 0; i < 2500; ++i) counter.count("grant-" + std::to_string(i), true, kDay);
  EXPECT_TRUE(flush(counter, store));
  EXPECT_EQ(store.kept.size(), 2500U);
}

}  // namespace
}  // namespace postern::limits
