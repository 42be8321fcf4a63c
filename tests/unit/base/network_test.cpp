#include "base/network.hpp"

#include <arpa/inet.h>
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

std::optional<std::array<std::uint8_t, 4>> ipv4_in(const char* text) {
  std::array<std::uint8_t, 16> address{};
  EXPECT_EQ(inet_pton(AF_INET6, text, address.data()), 1) << text;
  return ipv4_inside(address);
}

TEST(Network, AnIpv6AddressMayLeadToAnIpv4Address) {
  const std::array<std::uint8_t, 4> inner{10, 1, 2, 3};
  for (const char* text : {"::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::9"}) EXPECT_EQ(ipv4_in(text), inner);
  for (const char* text : {"::", "::1", "::10.1.2.3", "64:ff9b:1::10.1.2.3", "2001:db8::1"})
    EXPECT_EQ(ipv4_in(text), std::nullopt) << text;
}

}  // namespace
}  // namespace postern
