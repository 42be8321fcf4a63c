#include "net/address_guard.hpp"

#include <gtest/gtest.h>

namespace postern::net {
namespace {

using boost::asio::ip::make_address;

std::string_view kind(const char* address) { return special_kind(make_address(address)); }

TEST(SpecialKind, WhatIsNotPublicHasAName) {
  for (const char* address : {"127.0.0.1", "127.255.255.255", "::1"}) EXPECT_EQ(kind(address), "loopback") << address;
  for (const char* address : {"10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fc00::1",
                              "fd00::", "fdff:ffff::1"}) {
    EXPECT_EQ(kind(address), "private") << address;
  }
  for (const char* address : {"169.254.169.254", "fe80::1", "febf::1"}) EXPECT_EQ(kind(address), "link-local");
  for (const char* address : {"224.0.0.1", "239.255.255.255", "ff02::1"}) EXPECT_EQ(kind(address), "multicast");
  for (const char* address : {"192.0.2.1", "198.51.100.9", "203.0.113.255", "2001:db8::1", "3fff:fff::"}) {
    EXPECT_EQ(kind(address), "documentation") << address;
  }
  for (const char* address : {"0.0.0.0", "0.255.255.255", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.88.99.1",
                              "198.18.0.1", "198.19.255.255", "240.0.0.1", "255.255.255.255", "::", "::2", "100::1",
                              "64:ff9b:1::1", "2001::1", "2001:1ff:ffff::", "5f00::1", "fec0::1"}) {
    EXPECT_NE(kind(address), "") << address;
  }
}

// Each neighbour of a range, so that no prefix is too long.
TEST(SpecialKind, PublicAddressesHaveNone) {
  for (const char* address :
       {"1.0.0.0",         "8.8.8.8",    "9.255.255.255",   "11.0.0.0",     "100.63.255.255",       "100.128.0.0",
        "126.255.255.255", "128.0.0.0",  "169.253.255.255", "169.255.0.0",  "172.15.255.255",       "172.32.0.0",
        "192.0.1.0",       "192.0.3.0",  "192.88.98.255",   "192.88.100.0", "192.167.255.255",      "192.169.0.0",
        "198.17.255.255",  "198.20.0.0", "198.51.99.255",   "198.51.101.0", "203.0.112.255",        "203.0.114.0",
        "223.255.255.255", "2001:200::", "2001:db7:ffff::", "2001:db9::",   "2001:4860:4860::8888", "2600::1",
        "2a00:1450::1",    "3ffe::1"}) {
    EXPECT_EQ(kind(address), "") << address;
  }
}

TEST(SpecialKind, AnIPv6FormOfAnIPv4AddressIsWhatThatAddressIs) {
  EXPECT_EQ(kind("::ffff:127.0.0.1"), "loopback");
  EXPECT_EQ(kind("::ffff:169.254.169.254"), "link-local");
  EXPECT_EQ(kind("64:ff9b::10.1.2.3"), "private");
  EXPECT_EQ(kind("64:ff9b::7f00:1"), "loopback");
  EXPECT_EQ(kind("2002:7f00:1::1"), "loopback");
  EXPECT_EQ(kind("2002:c0a8:1::"), "private");
  EXPECT_NE(kind("::127.0.0.1"), "") << "the compatible form is never used";
  EXPECT_NE(kind("::8.8.8.8"), "");
  EXPECT_EQ(kind("::ffff:8.8.8.8"), "");
  EXPECT_EQ(kind("64:ff9b::808:808"), "");
  EXPECT_EQ(kind("2002:808:808::1"), "");
}

TEST(AddressGuard, RefusesWhatIsNotPublicAndSaysWhat) {
  const AddressGuard guard;
  EXPECT_EQ(guard.refusal("a.example.test", make_address("8.8.8.8")), std::nullopt);
  EXPECT_EQ(guard.refusal("a.example.test", make_address("10.0.0.1")),
            "is at 10.0.0.1, which is not a public address (private)");
}

TEST(AddressGuard, ExceptionsAreExactlyTheNetworksAndHostsNamed) {
  const AddressGuard guard({"10.1.0.0/16", "fd00:1::/32", "docs.intra.test"});
  const auto allowed = [&guard](const char* host, const char* address) {
    return !guard.refusal(host, make_address(address));
  };
  EXPECT_TRUE(allowed("x.test", "10.1.255.255"));
  EXPECT_FALSE(allowed("x.test", "10.2.0.0"));
  EXPECT_FALSE(allowed("x.test", "::ffff:10.1.0.1")) << "only as it is written";
  EXPECT_TRUE(allowed("x.test", "fd00:1::9"));
  EXPECT_FALSE(allowed("x.test", "fd00:2::9"));
  EXPECT_TRUE(allowed("docs.intra.test", "192.168.1.1"));
  EXPECT_FALSE(allowed("a.docs.intra.test", "192.168.1.1"));
  EXPECT_FALSE(allowed("x.test", "127.0.0.1"));
}

}  // namespace
}  // namespace postern::net
