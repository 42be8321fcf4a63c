#include "base/network.hpp"

#include <gtest/gtest.h>

namespace postern {
namespace {

TEST(Network, AllOfAnIpv6PrefixCountsAsOne) {
  EXPECT_EQ(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:2:ffff::9"));
  EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
}

TEST(Network, Ipv4CountsByAddressMappedOrNot) {
  EXPECT_EQ(network_of("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(network_of("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_NE(network_of("192.0.2.1"), network_of("192.0.2.2"));
}

TEST(Network, WhatIsNoAddressStays) { EXPECT_EQ(network_of("unknown"), "unknown"); }

TEST(Network, TheNetworksAroundAnAddressGoFromTheWidestToTheOneThatCounts) {
  using Networks = std::vector<std::string>;
  EXPECT_EQ(networks_of("192.0.2.7"), (Networks{"192.0.2/24", "192.0.2.7"}));
  EXPECT_EQ(networks_of("::ffff:192.0.2.7"), networks_of("192.0.2.7"));
  EXPECT_EQ(networks_of("2001:db8:1:2::1"), (Networks{"20010db8/32", "20010db80001/48", "20010db800010002/64"}));
  EXPECT_EQ(networks_of("unknown"), Networks{"unknown"});
  for (const char* address : {"192.0.2.7", "2001:db8:1:2::1", "unknown"}) {
    EXPECT_EQ(networks_of(address).back(), network_of(address));
  }
}

}  // namespace
}  // namespace postern
