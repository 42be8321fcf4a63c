#include "edge/client_address.hpp"

#include <gtest/gtest.h>

#include "unit/edge/fields_of.hpp"

namespace postern::edge {
namespace {

const std::vector<std::string> kNetworks{"10.0.0.0/8", "192.0.2.7/32", "fd00::/8", "::1/128"};

const TrustedProxies& proxies() {
  static const TrustedProxies trusted(kNetworks);
  return trusted;
}

std::string client(std::string_view peer, const Pairs& fields) {
  return proxies().client_address(peer, fields_of(fields)).address;
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
  EXPECT_EQ(none.client_address("127.0.0.1", fields_of(fields)).address, "127.0.0.1");
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
  for (const char* garbage : {"", " ", ",", "203.0.113.9,", "203.0.113.9:", "203.0.113.9:x", "[2001:db8::9",
                              "[2001:db8::9]80", "fe80::1%eth0", "203.0.113", "203.0.113.999", "0x7f000001", "<script>",
                              "203.0.113.9;10.0.0.2", "\"203.0.113.9", "_hidden"}) {
    EXPECT_EQ(behind(garbage), "10.0.0.1") << garbage;
    const Pairs fields{{"X-Forwarded-For", garbage}};
    EXPECT_TRUE(proxies().client_address("10.0.0.1", fields_of(fields)).unreadable) << garbage;
  }
}

TEST(ClientAddress, OnlyAnUnreadableEntryThatIsReachedIsTold) {
  const auto unreadable = [](std::string_view peer, const Pairs& fields) {
    return proxies().client_address(peer, fields_of(fields)).unreadable;
  };
  EXPECT_FALSE(unreadable("10.0.0.1", {{"X-Forwarded-For", "garbage, 203.0.113.9"}}));
  EXPECT_FALSE(unreadable("198.51.100.1", {{"X-Forwarded-For", "garbage"}})) << "no proxy of ours wrote it";
  EXPECT_FALSE(unreadable("10.0.0.1", {}));
}

TEST(ClientAddress, Compat7EntriesMayHavePortsBracketsAndQuotes) {
  for (const char* entry :
       {"203.0.113.5:51234", "\"203.0.113.5\"", "\"203.0.113.5:51234\"", "1.1.1.1:1, 203.0.113.5:2",
        "203.0.113.5:51234, 10.0.0.2:443", "203.0.113.5, [fd00::7]:443", "[::ffff:203.0.113.5]:1"}) {
    EXPECT_EQ(behind(entry), "203.0.113.5") << entry;
  }
  for (const char* entry : {"2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443", "\"[2001:db8::1]:443\""}) {
    EXPECT_EQ(behind(entry), "2001:db8::1") << entry;
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

ClientAddress by_forwarded(const Pairs& fields) {
  static const TrustedProxies trusted(kNetworks, config::ClientIpHeader::forwarded);
  return trusted.client_address("10.0.0.1", fields_of(fields));
}

std::string forwarded(const std::string& value) { return by_forwarded({{"Forwarded", value}}).address; }

// RFC 7239 section 4, with the examples there.
TEST(ClientAddress, Compat7ForwardedCountsWhereTheConfigurationSaysSo) {
  EXPECT_EQ(forwarded("for=203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(forwarded("For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17");
  EXPECT_EQ(forwarded("for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60");
  EXPECT_EQ(forwarded("for=1.1.1.1, for=203.0.113.9, for=10.0.0.2;by=10.0.0.1"), "203.0.113.9");
  EXPECT_EQ(forwarded("for=\"203.0.113.9:51234\";host=\"a, for=1.1.1.1\""), "203.0.113.9");
  EXPECT_EQ(by_forwarded({{"Forwarded", "for=203.0.113.9"}, {"forwarded", "for=10.0.0.2"}}).address, "203.0.113.9");
}

TEST(ClientAddress, Compat7WhatForwardedHidesCountsAsTheProxyThatHidIt) {
  for (const char* value : {"for=unknown", "for=_hidden", "for=\"_hidden:80\"", "proto=https", "",
                            "for=203.0.113.9;for=1.1.1.1", "for=\"203.0.113.9", "203.0.113.9"}) {
    const auto found = by_forwarded({{"Forwarded", value}});
    EXPECT_EQ(found.address, "10.0.0.1") << value;
    EXPECT_TRUE(found.unreadable) << value;
  }
  EXPECT_EQ(forwarded("for=203.0.113.9, for=_hidden, for=10.0.0.2"), "10.0.0.2");
}

TEST(ClientAddress, Compat7OnlyOneOfTheTwoFieldsIsRead) {
  const Pairs both{{"Forwarded", "for=203.0.113.1"}, {"X-Forwarded-For", "203.0.113.2"}};
  EXPECT_EQ(by_forwarded(both).address, "203.0.113.1");
  EXPECT_EQ(client("10.0.0.1", both), "203.0.113.2");
  EXPECT_EQ(by_forwarded({{"X-Forwarded-For", "203.0.113.2"}}).address, "10.0.0.1");
}

TEST(ClientAddress, AClientCannotHideWhatAProxyAppendsToItsForwarded) {
  for (const std::string open : {"for=\"", "for=1.1.1.1;x=\"", "\"", "\\", "for=\"1.1.1.1\\\""}) {
    EXPECT_EQ(forwarded(open + ", for=\"203.0.113.9:1\""), "203.0.113.9") << open;
  }
}

}  // namespace
}  // namespace postern::edge
