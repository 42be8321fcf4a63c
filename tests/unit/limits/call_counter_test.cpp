#include "limits/call_counter.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace postern::limits {
namespace {

TEST(CallCounter, EachUserHasPlacesOfTheirOwn) {
  CallCounter counter;
  const CallPlace first(counter, "alice", 2);
  std::optional<CallPlace> second(std::in_place, counter, "alice", 2);
  EXPECT_TRUE(first);
  EXPECT_TRUE(*second);
  EXPECT_FALSE(CallPlace(counter, "alice", 2)) << "both are taken";
  EXPECT_FALSE(CallPlace(counter, "alice", 2)) << "a refused one gives nothing back";
  EXPECT_TRUE(CallPlace(counter, "bob", 2));
  second.reset();
  EXPECT_TRUE(CallPlace(counter, "alice", 2));
}

TEST(CallCounter, AChangedLimitCountsAtOnceWithTheCallsUnderWay) {
  CallCounter counter;
  const CallPlace first(counter, "alice", 2);
  EXPECT_FALSE(CallPlace(counter, "alice", 1));
  EXPECT_TRUE(CallPlace(counter, "alice", 2));
}

}  // namespace
}  // namespace postern::limits
