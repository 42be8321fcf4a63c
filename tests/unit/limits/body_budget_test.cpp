#include "limits/body_budget.hpp"

#include <gtest/gtest.h>

namespace postern::limits {
namespace {

// A budget of the bytes that a test gives it.
struct Budget : BodyBudget {
  explicit Budget(std::size_t bytes) : limit(bytes) {}

  bool take(std::size_t bytes, std::size_t held, const Payer& payer = {}) {
    return BodyBudget::take(bytes, held, limit, payer);
  }

  std::size_t limit;
};

constexpr std::size_t kBudget = 100 * 1024;

TEST(BodyBudget, HoldsNoMoreThanItHas) {
  Budget budget(kBudget);
  BodyShare first(budget, budget.limit);
  EXPECT_TRUE(first.grow_to(60 * 1024));
  EXPECT_TRUE(first.grow_to(90 * 1024)) << "only what is more is taken";
  BodyShare second(budget, budget.limit);
  EXPECT_FALSE(second.grow_to(20 * 1024));
  EXPECT_TRUE(first.grow_to(kBudget));
}

TEST(BodyBudget, AShareIsGivenBackWhenItGoes) {
  Budget budget(kBudget);
  {
    BodyShare share(budget, budget.limit);
    EXPECT_TRUE(share.grow_to(kBudget));
    BodyShare moved = std::move(share);
    EXPECT_FALSE(budget.take(1, 0));
  }
  EXPECT_TRUE(budget.take(kBudget, 0));
}

TEST(BodyBudget, AShareThatWasRefusedHoldsWhatItHeld) {
  Budget budget(kBudget);
  BodyShare share(budget, budget.limit);
  EXPECT_TRUE(share.grow_to(40 * 1024));
  EXPECT_FALSE(share.grow_to(kBudget + 1));
  EXPECT_TRUE(budget.take(60 * 1024, 0));
  EXPECT_FALSE(budget.take(1, 0));
}

TEST(BodyBudget, SmallBodiesNeedNone) {
  Budget budget(0);
  BodyShare share(budget, budget.limit);
  EXPECT_TRUE(share.grow_to(BodyShare::kFree));
  EXPECT_FALSE(share.grow_to(BodyShare::kFree + 1));
}

TEST(BodyBudget, Attack12WorkOnABodyIsCountedBesideTheBodiesOfOthers) {
  Budget budget(kBudget);
  BodyShare other(budget, budget.limit);
  EXPECT_TRUE(other.grow_to(30 * 1024));
  BodyShare share(budget, budget.limit);
  EXPECT_TRUE(share.grow_to(20 * 1024));
  EXPECT_FALSE(share.grow_to_work(71 * 1024)) << "there is room for 70";
  EXPECT_TRUE(share.grow_to_work(70 * 1024)) << "what was refused is not kept";
  EXPECT_FALSE(budget.take(1, 0));
}

TEST(BodyBudget, Attack12WhatNobodyElseHoldsMayBeExceededByOne) {
  Budget budget(kBudget);
  BodyShare share(budget, budget.limit);
  EXPECT_TRUE(share.grow_to(90 * 1024));
  EXPECT_TRUE(share.grow_to_work(10 * kBudget)) << "or a body of that size could never be worked on";
  BodyShare second(budget, budget.limit);
  EXPECT_FALSE(second.grow_to(20 * 1024));
  EXPECT_FALSE(second.grow_to_work(BodyShare::kFreeWork + 1));
  share.shrink_to(30 * 1024);
  EXPECT_TRUE(second.grow_to(70 * 1024));
}

TEST(BodyBudget, Attack12AShareGivesBackWhatWorkHasTaken) {
  Budget budget(kBudget);
  BodyShare share(budget, budget.limit);
  EXPECT_TRUE(share.grow_to_work(kBudget));
  share.shrink_to(40 * 1024);
  EXPECT_TRUE(budget.take(60 * 1024, 0));
  budget.give(60 * 1024);
  share.shrink_to(50 * 1024);
  EXPECT_FALSE(budget.take(61 * 1024, 0)) << "nothing grows by it";
  share.shrink_to(1);
  EXPECT_TRUE(budget.take(kBudget, 0)) << "a small body needs none";
}

TEST(BodyBudget, WorkOnSmallBodiesNeedsNone) {
  Budget budget(0);
  EXPECT_FALSE(budget.take(1, 0));
  budget.take_to_work(1, 0, budget.limit);  // held by somebody else
  BodyShare share(budget, budget.limit);
  EXPECT_TRUE(share.grow_to_work(BodyShare::kFreeWork));
  EXPECT_FALSE(share.grow_to_work(BodyShare::kFreeWork + 1));
}

Payer user(const std::string& name, const std::string& tenant = "acme") {
  auto principal = std::make_shared<token::Principal>();
  principal->user = name;
  principal->tenant = tenant;
  return {.principal = std::move(principal)};
}

TEST(BodyBudget, Attack12AUserLeavesRoomForOthersAndATenantForOtherTenants) {
  Budget budget(64);
  EXPECT_TRUE(budget.take(48, 0, user("mallory"))) << "more than a share, while nobody needs it";
  EXPECT_FALSE(budget.take(1, 0, user("mallory")));
  EXPECT_TRUE(budget.take(8, 0, user("alice")))
      << "within a share of its own, though the tenant holds more than its share";
  EXPECT_FALSE(budget.take(1, 0, user("alice")));
  EXPECT_FALSE(budget.take(1, 0, user("bob")));
  EXPECT_TRUE(budget.take(8, 0, user("alice", "globex"))) << "the same name elsewhere is another user";
  EXPECT_FALSE(budget.take(1, 0, user("bob", "globex"))) << "there is no more";
  budget.give(48, user("mallory"));
  EXPECT_TRUE(budget.take(32, 0, user("mallory")));
  EXPECT_FALSE(budget.take(1, 0, user("mallory"))) << "others hold a quarter of it";
  EXPECT_TRUE(budget.take(8, 0, user("bob")));
}

TEST(BodyBudget, Attack12StrangersAreCountedByTheirNetworks) {
  Budget budget(64);
  EXPECT_TRUE(budget.take(48, 0, {.address = "2001:db8::1"}));
  EXPECT_FALSE(budget.take(1, 0, {.address = "2001:db8::2"})) << "one network";
  EXPECT_TRUE(budget.take(8, 0, {.address = "2001:db8:0:1::1"})) << "another one of the same site";
  EXPECT_TRUE(budget.take(4, 0, {.address = "2001:db8:1::1"})) << "another site";
  EXPECT_TRUE(budget.take(4, 0, {.address = "203.0.113.9"}));
}

TEST(BodyBudget, Attack12AShareIsCountedForItsPayerAsLongAsItIsHeld) {
  Budget budget(64 * 1024);
  {
    BodyShare first(budget, budget.limit, user("mallory"));
    EXPECT_TRUE(first.grow_to(48 * 1024));
    BodyShare second(budget, budget.limit, user("mallory"));
    EXPECT_FALSE(second.grow_to(17 * 1024));
    BodyShare moved;
    moved = std::move(first);
    moved.shrink_to(32 * 1024);
    EXPECT_FALSE(second.grow_to(17 * 1024)) << "beyond its share, and into what is left for others";
  }
  EXPECT_TRUE(budget.take(48 * 1024, 0, user("mallory"))) << "everything was given back";
}

TEST(AppendCounted, CountsTheRoomThatTheTextKeeps) {
  Budget budget(kBudget);
  BodyShare share(budget, budget.limit);
  std::string text;
  const std::string piece(1000, 'x');
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(append_counted(text, piece, kBudget, share));
  EXPECT_EQ(text.size(), 40'000U);
  EXPECT_GT(text.capacity(), text.size());
  EXPECT_TRUE(budget.take(kBudget - text.capacity(), 0));
  EXPECT_FALSE(budget.take(1, 0));
}

TEST(AppendCounted, ATextThatFindsNoRoomStaysAsItWas) {
  Budget budget(kBudget);
  BodyShare share(budget, budget.limit);
  std::string text(BodyShare::kFree - 1, 'x');
  ASSERT_TRUE(budget.take(kBudget, 0));
  EXPECT_TRUE(append_counted(text, "x", kBudget, share)) << "short ones need no room";
  EXPECT_FALSE(append_counted(text, "x", kBudget, share));
  EXPECT_EQ(text.size(), BodyShare::kFree);
}

TEST(AppendCounted, RoomForMoreCostsNoTextItsPlaceThatJustFits) {
  Budget budget(kBudget);
  ASSERT_TRUE(budget.take(kBudget - 62'400, 0));
  BodyShare share(budget, budget.limit);
  std::string text;
  const std::string piece(1000, 'x');
  for (int i = 0; i < 62; ++i) ASSERT_TRUE(append_counted(text, piece, kBudget, share)) << i;
  EXPECT_FALSE(append_counted(text, piece, kBudget, share));
  EXPECT_EQ(text.size(), 62'000U);
}

TEST(AppendCounted, ATextOfTheMostBytesFitsIntoABudgetOfThatSize) {
  Budget budget(kBudget);
  BodyShare share(budget, budget.limit);
  std::string text;
  const std::string piece(1024, 'x');
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(append_counted(text, piece, kBudget, share)) << i;
}

TEST(BodyBudget, AChangedBudgetCountsAtOnceWithWhatIsHeld) {
  Budget budget(kBudget);
  BodyShare held(budget, budget.limit);
  ASSERT_TRUE(held.grow_to(60 * 1024));
  budget.limit = 61 * 1024;
  EXPECT_FALSE(budget.take(2 * 1024, 0));
  budget.limit = 64 * 1024;
  EXPECT_TRUE(budget.take(2 * 1024, 0));
}

}  // namespace
}  // namespace postern::limits
