#include "server/body_budget.hpp"

#include <gtest/gtest.h>

namespace postern::server {
namespace {

constexpr std::size_t kBudget = 100 * 1024;

TEST(BodyBudget, HoldsNoMoreThanItHas) {
  BodyBudget budget(kBudget);
  BodyShare first(budget);
  EXPECT_TRUE(first.grow_to(60 * 1024));
  EXPECT_TRUE(first.grow_to(90 * 1024)) << "only what is more is taken";
  BodyShare second(budget);
  EXPECT_FALSE(second.grow_to(20 * 1024));
  EXPECT_TRUE(first.grow_to(kBudget));
}

TEST(BodyBudget, AShareIsGivenBackWhenItGoes) {
  BodyBudget budget(kBudget);
  {
    BodyShare share(budget);
    EXPECT_TRUE(share.grow_to(kBudget));
    BodyShare moved = std::move(share);
    EXPECT_FALSE(budget.take(1));
  }
  EXPECT_TRUE(budget.take(kBudget));
}

TEST(BodyBudget, AShareThatWasRefusedHoldsWhatItHeld) {
  BodyBudget budget(kBudget);
  BodyShare share(budget);
  EXPECT_TRUE(share.grow_to(40 * 1024));
  EXPECT_FALSE(share.grow_to(kBudget + 1));
  EXPECT_TRUE(budget.take(60 * 1024));
  EXPECT_FALSE(budget.take(1));
}

TEST(BodyBudget, SmallBodiesNeedNone) {
  BodyBudget budget(0);
  BodyShare share(budget);
  EXPECT_TRUE(share.grow_to(BodyShare::kFree));
  EXPECT_FALSE(share.grow_to(BodyShare::kFree + 1));
}

TEST(BodyBudget, Attack12WorkOnABodyIsCountedBesideTheBodiesOfOthers) {
  BodyBudget budget(kBudget);
  BodyShare other(budget);
  EXPECT_TRUE(other.grow_to(30 * 1024));
  BodyShare share(budget);
  EXPECT_TRUE(share.grow_to(20 * 1024));
  EXPECT_FALSE(share.grow_to_work(71 * 1024)) << "there is room for 70";
  EXPECT_TRUE(share.grow_to_work(70 * 1024)) << "what was refused is not kept";
  EXPECT_FALSE(budget.take(1));
}

TEST(BodyBudget, Attack12WhatNobodyElseHoldsMayBeExceededByOne) {
  BodyBudget budget(kBudget);
  BodyShare share(budget);
  EXPECT_TRUE(share.grow_to(90 * 1024));
  EXPECT_TRUE(share.grow_to_work(10 * kBudget)) << "or a body of that size could never be worked on";
  BodyShare second(budget);
  EXPECT_FALSE(second.grow_to(20 * 1024));
  EXPECT_FALSE(second.grow_to_work(BodyShare::kFreeWork + 1));
  share.shrink_to(30 * 1024);
  EXPECT_TRUE(second.grow_to(70 * 1024));
}

TEST(BodyBudget, Attack12AShareGivesBackWhatWorkHasTaken) {
  BodyBudget budget(kBudget);
  BodyShare share(budget);
  EXPECT_TRUE(share.grow_to_work(kBudget));
  share.shrink_to(40 * 1024);
  EXPECT_TRUE(budget.take(60 * 1024));
  budget.give(60 * 1024);
  share.shrink_to(50 * 1024);
  EXPECT_FALSE(budget.take(61 * 1024)) << "nothing grows by it";
  share.shrink_to(1);
  EXPECT_TRUE(budget.take(kBudget)) << "a small body needs none";
}

TEST(BodyBudget, WorkOnSmallBodiesNeedsNone) {
  BodyBudget budget(0);
  EXPECT_FALSE(budget.take(1));
  budget.take_more(1, 0);  // held by somebody else
  BodyShare share(budget);
  EXPECT_TRUE(share.grow_to_work(BodyShare::kFreeWork));
  EXPECT_FALSE(share.grow_to_work(BodyShare::kFreeWork + 1));
}

}  // namespace
}  // namespace postern::server
