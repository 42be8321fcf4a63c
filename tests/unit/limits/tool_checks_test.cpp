#include "limits/tool_checks.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace postern::limits {
namespace {

TEST(ToolChecks, AGrantHasOneCheckAtATime) {
  ToolChecks checks(10, 10);
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
  ToolChecks checks(2, 2);
  const ToolCheckPlace first(checks, "a");
  std::optional<ToolCheckPlace> second(std::in_place, checks, "b");
  EXPECT_FALSE(ToolCheckPlace(checks, "c"));
  second.reset();
  EXPECT_TRUE(ToolCheckPlace(checks, "c"));
}

TEST(ToolChecks, OneUserLeavesRoomForOthers) {
  ToolChecks checks(10, 2);
  ToolCheckPlace a(checks, "a");
  ToolCheckPlace b(checks, "b");
  std::optional<ToolCheckPlace> c(std::in_place, checks, "c");
  ToolCheckPlace d(checks, "d");
  EXPECT_TRUE(a.belongs_to("alice"));
  EXPECT_TRUE(b.belongs_to("alice"));
  EXPECT_FALSE(c->belongs_to("alice"));
  EXPECT_TRUE(d.belongs_to("bob"));
  c.reset();
  ToolCheckPlace e(checks, "e");
  EXPECT_FALSE(e.belongs_to("alice")) << "two are still under way";
}

TEST(ToolChecks, WhoWasTurnedAwayGivesNothingBack) {
  ToolChecks checks(1, 1);
  const ToolCheckPlace first(checks, "a");
  {
    const ToolCheckPlace refused(checks, "a");
  }
  EXPECT_FALSE(ToolCheckPlace(checks, "a"));
}

}  // namespace
}  // namespace postern::limits
