#include "limits/network_limiter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::limits {
namespace {

using namespace std::chrono_literals;

constexpr auto kStart = std::chrono::steady_clock::time_point(1h);
constexpr config::Rate kRate{.per_second = 1, .burst = 5};

class NetworkLimiterTest : public testing::Test {
 protected:
  int taken(const std::string& address, int attempts = 50) {
    int passed = 0;
    for (int i = 0; i < attempts; ++i) passed += limiter_.take(address, kStart, kRate) == 0 ? 1 : 0;
    return passed;
  }

  NetworkLimiter limiter_{{.site = 2, .wide = 4}};
};

TEST_F(NetworkLimiterTest, Attack7EverNewNetworksOfOneSiteShareABudget) {
  int passed = 0;
  for (int i = 0; i < 1000; ++i) passed += taken("2001:db8:0:" + std::to_string(i) + "::1", 1);
  EXPECT_EQ(passed, 10);
  EXPECT_EQ(taken("2001:db8:1::1"), 5);
}

TEST_F(NetworkLimiterTest, Attack7EverNewSitesOfOneProviderShareABudget) {
  int passed = 0;
  for (int i = 0; i < 1000; ++i) passed += taken("2001:db8:" + std::to_string(i) + "::1", 1);
  EXPECT_EQ(passed, 20);
  EXPECT_EQ(taken("2001:db9::1"), 5);
}

TEST_F(NetworkLimiterTest, Attack7EverNewAddressesOfOneIpv4NetworkShareABudget) {
  int passed = 0;
  for (int i = 0; i < 250; ++i) passed += taken("192.0.2." + std::to_string(i), 1);
  EXPECT_EQ(passed, 10);
  EXPECT_EQ(taken("192.0.3.1"), 5);
}

TEST_F(NetworkLimiterTest, WhatOneNetworkIsRefusedCostsItsNeighboursNothing) {
  EXPECT_EQ(taken("192.0.2.1", 1000), 5);
  EXPECT_EQ(taken("192.0.2.2", 1000), 5);
  EXPECT_EQ(taken("2001:db8::1", 1000), 5);
  EXPECT_EQ(taken("2001:db8:0:1::1", 1000), 5);
}

TEST_F(NetworkLimiterTest, Attack7AWideNetworkWithoutABudgetTakesUpNoMemory) {
  NetworkLimiter limiter({.site = 2, .wide = 4}, 160);
  for (int i = 0; i < 10'000; ++i)
    (void)limiter.take("2001:db8:" + std::to_string(i % 9999) + ":" + std::to_string(i % 9998) + "::1", kStart, kRate);
  int passed = 0;
  for (int i = 0; i < 20; ++i) passed += limiter.take("192.0." + std::to_string(i) + ".1", kStart, kRate) == 0 ? 1 : 0;
  EXPECT_EQ(passed, 20);
}

TEST_F(NetworkLimiterTest, TellsHowLongToWait) {
  taken("192.0.2.1");
  const int wait = limiter_.take("192.0.2.1", kStart, kRate);
  ASSERT_GT(wait, 0);
  EXPECT_EQ(limiter_.take("192.0.2.1", kStart + std::chrono::seconds(wait), kRate), 0);
}

TEST_F(NetworkLimiterTest, TextThatIsNoAddressIsANetworkOfItsOwn) {
  EXPECT_EQ(taken("unknown"), 5);
  EXPECT_EQ(taken(""), 5);
}

}  // namespace
}  // namespace postern::limits
