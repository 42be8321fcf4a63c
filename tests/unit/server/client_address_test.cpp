#include "server/client_address.hpp"

#include <gtest/gtest.h>

#include "unit/server/fixture.hpp"

namespace postern::server {
namespace {

const TrustedProxies& proxies() {
  static const TrustedProxies trusted({"10.0.0.0/8", "192.0.2.7/32", "fd00::/8", "::1/128"});
  return trusted;
}

std::string client(std::string_view peer, const Pairs& fields) {
  return proxies().client_address(peer, fields_of(fields));
}

std::string behind(std::string_view forwarded_for) {
  return client("10.0.0.1", {{"X-Forwarded-For", std::string(forwarded_for)}});
}

TEST(TrustedProxies, ContainsTheAddressesOfItsNetworksOnly) {
  for (const char* in : {"10.0.0.0", "10.255.255.255", "192.0.2.7", "fd00::1", "fdff:ffff::", "::1"}) {
    EXPECT_TRUE(proxies().contains(in)) << in;
  }
  for (const char* out : {"9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8", "fc00::1", "fe00::", "::2", "::"}) {
    EXPECT_FALSE(proxies().contains(out)) << out;
  }
}

TEST(TrustedProxies, AnIpv4AddressInIpv6IsTheIpv4Address) {
  EXPECT_TRUE(proxies().contains("::ffff:10.1.2.3"));
  EXPECT_FALSE(proxies().contains("::ffff:11.1.2.3"));
  EXPECT_FALSE(proxies().contains("::10.1.2.3"));
}

TEST(TrustedProxies, WhatIsNoAddressIsInNoNetwork) {
  const TrustedProxies everything({"0.0.0.0/0", "::/0"});
  EXPECT_TRUE(everything.contains("203.0.113.9"));
  EXPECT_TRUE(everything.contains("2001:db8::1"));
  for (const char* none : {"", "unknown", "10.0.0", "10.0.0.1.1", "10.0.0.1:80", "[::1]", "[::1]:80", "10.0.0.1 ",
                           "010.0.0.1x", "_hidden", "localhost", "10.0.0.1\n"}) {
    EXPECT_FALSE(everything.contains(none)) << none;
  }
}

TEST(TrustedProxies, WithoutAnyNobodyIsTrusted) {
  const TrustedProxies none({});
  EXPECT_FALSE(none.contains("127.0.0.1"));
  const Pairs fields{{"X-Forwarded-For", "203.0.113.9"}};
  EXPECT_EQ(none.client_address("127.0.0.1", fields_of(fields)), "127.0.0.1");
}

TEST(ClientAddress, WhatAClientClaimsItselfDoesNotCount) {
  EXPECT_EQ(client("198.51.100.1", {{"X-Forwarded-For", "203.0.113.9"}}), "198.51.100.1");
  EXPECT_EQ(client("198.51.100.1", {{"X-Forwarded-For", "10.0.0.1"}}), "198.51.100.1");
  EXPECT_EQ(client("2001:db8::1", {{"X-Forwarded-For", "::1"}}), "2001:db8::1");
}

TEST(ClientAddress, OtherForwardingFieldsDoNotCount) {
  for (const char* name : {"Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP",
                           "X_Forwarded_For", "X-Forwarded-For-"}) {
    EXPECT_EQ(client("10.0.0.1", {{name, "203.0.113.9"}}), "10.0.0.1") << name;
  }
}

TEST(ClientAddress, BehindATrustedProxyItIsTheOneTheProxySaw) {
  EXPECT_EQ(behind("203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(behind("2001:db8::9"), "2001:db8::9");
  EXPECT_EQ(client("fd00::1", {{"x-forwarded-FOR", "203.0.113.9"}}), "203.0.113.9");
  EXPECT_EQ(client("::ffff:10.0.0.1", {{"X-Forwarded-For", "203.0.113.9"}}), "203.0.113.9");
}

// A client that sends the field has its own entries to the left of what the proxies add.
TEST(ClientAddress, TheRightMostThatIsNoTrustedProxyWins) {
  EXPECT_EQ(behind("1.1.1.1, 203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(behind("1.1.1.1, 203.0.113.9, 10.0.0.2, fd00::7"), "203.0.113.9");
  EXPECT_EQ(behind("10.0.0.9, 203.0.113.9, 192.0.2.7"), "203.0.113.9");
  EXPECT_EQ(behind("garbage, 203.0.113.9"), "203.0.113.9");
}

TEST(ClientAddress, SeveralFieldsAreOneList) {
  const Pairs fields{{"X-Forwarded-For", "1.1.1.1"}, {"Accept", "*/*"}, {"X-Forwarded-For", "203.0.113.9, 10.0.0.2"}};
  EXPECT_EQ(client("10.0.0.1", fields), "203.0.113.9");
}

TEST(ClientAddress, WhenAllAreTrustedItIsTheFirst) {
  EXPECT_EQ(behind("10.0.0.3, 10.0.0.2"), "10.0.0.3");
  EXPECT_EQ(client("10.0.0.1", {}), "10.0.0.1");
}

TEST(ClientAddress, AnEntryThatIsNoAddressEndsTheSearchAtTheHopThatWroteIt) {
  EXPECT_EQ(behind("203.0.113.9, unknown"), "10.0.0.1");
  EXPECT_EQ(behind("203.0.113.9, unknown, 10.0.0.2"), "10.0.0.2");
  for (const char* garbage : {"", " ", ",", "203.0.113.9,", "203.0.113.9:1234", "[2001:db8::9]", "[2001:db8::9]:80",
                              "203.0.113", "203.0.113.999", "0x7f000001", "<script>", "203.0.113.9;10.0.0.2"}) {
    EXPECT_EQ(behind(garbage), "10.0.0.1") << garbage;
  }
}

TEST(ClientAddress, OneAddressHasOneSpelling) {
  EXPECT_EQ(behind("2001:DB8:0:0:0:0:0:9"), "2001:db8::9");
  EXPECT_EQ(behind("::ffff:203.0.113.9"), "203.0.113.9");
}

TEST(ClientAddress, AnEndlessListIsNotReadToItsEnd) {
  std::string hops = "203.0.113.9";
  for (int i = 0; i < 3000; ++i) hops += ", 10.0.0.2";
  EXPECT_EQ(behind(hops), "10.0.0.2");
}

}  // namespace
}  // namespace postern::server
