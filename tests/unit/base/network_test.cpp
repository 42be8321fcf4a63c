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

}  // namespace
}  // namespace postern
