#include "base/watched_clock.hpp"

#include <gtest/gtest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{Duration{1'800'000'000'000}};
constexpr Duration kForty = 40 * 24h;

class Wall final : public Clock {
 public:
  Time now() const noexcept override { return time; }
  Time time = kStart;
};

class Elapsed final : public ElapsedTime {
 public:
  Duration now() const noexcept override { return time; }
  Duration time = 7h;
};

class WatchedClockTest : public testing::Test {
 protected:
  void pass(Duration time) {
    wall_.time += time;
    elapsed_.time += time;
  }
  // With a look now and then, as the gateway does it.
  void run(WatchedClock& clock, Duration time) {
    for (Duration passed{0}; passed < time; passed += 1min) {
      pass(1min);
      clock.watch();
    }
  }

  Wall wall_;
  Elapsed elapsed_;
};

TEST_F(WatchedClockTest, Attack13AClockThatRunsIsFollowed) {
  WatchedClock clock(wall_, elapsed_, std::nullopt);
  run(clock, 30h);
  EXPECT_EQ(clock.now(), kStart + 30h);
  EXPECT_EQ(clock.earliest(), kStart + 30h);
  EXPECT_EQ(clock.deletes_until(), kStart + 30h);
  EXPECT_EQ(clock.jumps(), 0U);
}

TEST_F(WatchedClockTest, Attack13AJumpIsNoticedOnceWithHowFarItWent) {
  WatchedClock clock(wall_, elapsed_, std::nullopt);
  run(clock, 2h);
  wall_.time += kForty;
  EXPECT_EQ(clock.watch(), kForty);
  EXPECT_EQ(clock.watch(), std::nullopt);
  pass(5s);
  wall_.time -= kForty;
  EXPECT_EQ(clock.watch(), -kForty);
  EXPECT_EQ(clock.jumps(), 2U);
}

TEST_F(WatchedClockTest, Attack13CorrectionsWithinTheBoundAreNoJumps) {
  WatchedClock clock(wall_, elapsed_, std::nullopt);
  run(clock, 2h);
  wall_.time += WatchedClock::kBound;
  EXPECT_EQ(clock.watch(), std::nullopt);
  EXPECT_EQ(clock.now(), wall_.time);
}

TEST_F(WatchedClockTest, Attack13ManySmallCorrectionsInARowAreAJump) {
  WatchedClock clock(wall_, elapsed_, std::nullopt);
  run(clock, 2h);
  std::size_t steps = 0;
  while (clock.jumps() == 0 && steps < 100) {
    wall_.time += 1min;
    pass(2s);
    clock.watch();
    ++steps;
  }
  EXPECT_EQ(steps, 6U);
}

TEST_F(WatchedClockTest, Attack13NothingIsDeletedByAClockThatJumpedAheadForSeconds) {
  WatchedClock clock(wall_, elapsed_, std::nullopt);
  run(clock, 2h);
  const Time before = wall_.time;
  wall_.time += kForty;
  EXPECT_EQ(clock.deletes_until(), before) << "before anybody looked";
  EXPECT_EQ(clock.earliest(), before);
  clock.watch();
  pass(10s);
  EXPECT_EQ(clock.deletes_until(), before + 10s) << "after";
  EXPECT_EQ(clock.earliest(), before + 10s) << "and no grant is ended by it";
  EXPECT_EQ(clock.now(), before + kForty + 10s) << "tokens are looked at by the wall clock";
  wall_.time -= kForty;
  clock.watch();
  EXPECT_EQ(clock.now(), before + 10s);
  EXPECT_EQ(clock.deletes_until(), before + 10s);
}

TEST_F(WatchedClockTest, Attack13AJumpAheadIsBelievedOnceItHasStoodForADay) {
  WatchedClock clock(wall_, elapsed_, std::nullopt);
  run(clock, 2h);
  const Time before = wall_.time;
  wall_.time += kForty;
  clock.watch();
  run(clock, 23h + 59min);
  EXPECT_EQ(clock.deletes_until(), before + 23h + 59min);
  run(clock, 1min);
  EXPECT_EQ(clock.deletes_until(), before + kForty + 24h);
}

TEST_F(WatchedClockTest, Attack13WhatHadExpiredStaysSoWhenTheClockGoesBack) {
  WatchedClock clock(wall_, elapsed_, std::nullopt);
  run(clock, 2h);
  const Time before = wall_.time;
  wall_.time -= 30min;
  EXPECT_EQ(clock.now(), before) << "before anybody looked";
  clock.watch();
  pass(10s);
  EXPECT_EQ(clock.now(), before + 10s);
  EXPECT_EQ(clock.deletes_until(), std::nullopt) << "nothing goes while there is doubt";
  run(clock, 1h);
  EXPECT_EQ(clock.now(), wall_.time) << "it was set right, it seems";
  EXPECT_EQ(clock.deletes_until(), std::nullopt);
  run(clock, 23h);
  EXPECT_EQ(clock.deletes_until(), wall_.time);
}

TEST_F(WatchedClockTest, Attack13AProcessThatStartsWithAClockAheadDeletesByTheTimeThatWasKept) {
  WatchedClock clock(wall_, elapsed_, KeptTime{kStart - kForty, std::nullopt});
  EXPECT_EQ(clock.deletes_until(), kStart - kForty);
  run(clock, 59min);
  EXPECT_EQ(clock.deletes_until(), kStart - kForty + 59min);
  EXPECT_EQ(clock.jumps(), 0U) << "it may have been away for so long";
  run(clock, 1min);
  EXPECT_EQ(clock.deletes_until(), kStart + 1h);
}

TEST_F(WatchedClockTest, Attack13AProcessThatStartsWithAClockBehindKeepsToTheTimeThatWasKept) {
  WatchedClock clock(wall_, elapsed_, KeptTime{kStart + kForty, kStart + kForty});
  EXPECT_EQ(clock.now(), kStart + kForty);
  EXPECT_EQ(clock.watch(), -kForty);
  EXPECT_EQ(clock.deletes_until(), std::nullopt);
  run(clock, 1h);
  EXPECT_EQ(clock.now(), kStart + 1h);
}

TEST_F(WatchedClockTest, Attack13ATimeThatWasInDoubtWhenItWasKeptHoldsNobodyBack) {
  WatchedClock clock(wall_, elapsed_, KeptTime{kStart + kForty, std::nullopt});
  EXPECT_EQ(clock.now(), kStart);
  EXPECT_EQ(clock.watch(), std::nullopt);
  EXPECT_EQ(clock.deletes_until(), kStart);
}

TEST_F(WatchedClockTest, Attack13WhatIsKeptSaysWhetherItIsBeyondDoubt) {
  WatchedClock clock(wall_, elapsed_, std::nullopt);
  EXPECT_EQ(clock.to_keep(kStart).deleted_until, kStart);
  EXPECT_EQ(clock.to_keep(kStart).relied_on, std::nullopt);
  run(clock, 1h);
  EXPECT_EQ(clock.to_keep(kStart + 1h).relied_on, kStart + 1h);
}

}  // namespace
}  // namespace postern
