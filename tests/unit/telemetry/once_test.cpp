#include "telemetry/once.hpp"

#include <gtest/gtest.h>

namespace postern::telemetry {
namespace {

TEST(SaidOnce, IsTrueTheFirstTimeOfEachKey) {
  SaidOnce said;
  EXPECT_TRUE(said.first("tools 401"));
  EXPECT_FALSE(said.first("tools 401"));
  EXPECT_TRUE(said.first("tools 421"));
  EXPECT_TRUE(said.first(""));
  EXPECT_FALSE(said.first(""));
}

TEST(SaidOnce, KeepsABoundedNumberOfKeys) {
  SaidOnce said(2);
  EXPECT_TRUE(said.first("a"));
  EXPECT_TRUE(said.first("b"));
  EXPECT_FALSE(said.first("c")) << "what it cannot remember would be repeated for ever";
  EXPECT_FALSE(said.first("a"));
}

}  // namespace
}  // namespace postern::telemetry
