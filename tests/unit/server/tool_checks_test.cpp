#include "server/tool_checks.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace postern::server {
namespace {

TEST(ToolChecks, AGrantHasOneCheckAtATime) {
  ToolChecks checks(10);
  std::optional<ToolCheckPlace> first(std::in_place, checks, "a");
  const ToolCheckPlace second(checks, "a");
  const ToolCheckPlace other(checks, "b");
  EXPECT_TRUE(*first);
  EXPECT_FALSE(second);
  EXPECT_TRUE(other);
  first.reset();
  EXPECT_TRUE(ToolCheckPlace(checks, "a"));
}

TEST(ToolChecks, SoManyAreUnderWayAtMost) {
  ToolChecks checks(2);
  const ToolCheckPlace first(checks, "a");
  std::optional<ToolCheckPlace> second(std::in_place, checks, "b");
  EXPECT_FALSE(ToolCheckPlace(checks, "c"));
  second.reset();
  EXPECT_TRUE(ToolCheckPlace(checks, "c"));
}

TEST(ToolChecks, WhoWasTurnedAwayGivesNothingBack) {
  ToolChecks checks(1);
  const ToolCheckPlace first(checks, "a");
  {
    const ToolCheckPlace refused(checks, "a");
  }
  EXPECT_FALSE(ToolCheckPlace(checks, "a"));
}

}  // namespace
}  // namespace postern::server
