#include "limits/call_counter.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace postern::limits {
namespace {

TEST(CallCounter, EachUserHasPlacesOfTheirOwn) {
  CallCounter counter(2);
  const CallPlace first(counter, "alice");
  std::optional<CallPlace> second(std::in_place, counter, "alice");
  EXPECT_TRUE(first);
  EXPECT_TRUE(*second);
  EXPECT_FALSE(CallPlace(counter, "alice")) << "both are taken";
  EXPECT_FALSE(CallPlace(counter, "alice")) << "a refused one gives nothing back";
  EXPECT_TRUE(CallPlace(counter, "bob"));
  second.reset();
  EXPECT_TRUE(CallPlace(counter, "alice"));
}

}  // namespace
}  // namespace postern::limits
