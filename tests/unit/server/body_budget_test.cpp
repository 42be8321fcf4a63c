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

}  // namespace
}  // namespace postern::server
