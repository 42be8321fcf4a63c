#include "config/forms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::config {
namespace {

using ::testing::HasSubstr;

TEST(BindAddresses, ArePlainAddressesWithAPort) {
  const auto v4 = parse_bind_address("0.0.0.0:8443");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->host, "0.0.0.0");
  EXPECT_EQ(v4->port, 8443);
  EXPECT_EQ(parse_bind_address("[::1]:0")->host, "::1");
  EXPECT_EQ(parse_bind_address("[0:0:0:0:0:0:0:1]:80")->host, "::1");
  EXPECT_EQ(parse_bind_address("localhost:80")->host, "127.0.0.1");
  for (const auto* text : {"", ":", ":80", "80", "::1:80", "[127.0.0.1]:80", "[::1]", "[::1]80", "127.1:80",
                           "127.0.0.1:", "127.0.0.1:+1", "127.0.0.1:65536", "host:80", "[fe80::1%eth0]:80", "[]:80"}) {
    EXPECT_FALSE(parse_bind_address(text)) << text;
  }
}

TEST(BindAddresses, KnowLoopbackAndWildcards) {
  EXPECT_TRUE(is_loopback_address("127.8.9.1"));
  EXPECT_TRUE(is_loopback_address("::1"));
  EXPECT_FALSE(is_loopback_address("::"));
  EXPECT_FALSE(is_loopback_address("0.0.0.0"));
  EXPECT_TRUE(is_wildcard_address("::"));
  EXPECT_FALSE(is_wildcard_address("127.0.0.1"));
}

TEST(Networks, HaveNoBitsBeyondTheirPrefix) {
  EXPECT_EQ(canonical_network("10.0.0.0/8"), "10.0.0.0/8");
  EXPECT_EQ(canonical_network("10.1.2.3"), "10.1.2.3/32");
  EXPECT_EQ(canonical_network("FD00:0::/8"), "fd00::/8");
  EXPECT_EQ(canonical_network("::1"), "::1/128");
  EXPECT_EQ(canonical_network("0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(canonical_network("192.168.4.0/22"), "192.168.4.0/22");
  EXPECT_EQ(canonical_network("::ffff:10.0.0.0/104"), "10.0.0.0/8");
  EXPECT_EQ(canonical_network("::ffff:a01:203"), "10.1.2.3/32");
  EXPECT_EQ(canonical_network("::ffff:0:0/96"), "0.0.0.0/0");
  EXPECT_EQ(canonical_network("::10.0.0.0/104"), "::10.0.0.0/104");
  EXPECT_EQ(canonical_network("::/80"), "::/80");
  for (const auto* text : {"10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0/8", "a/8", "", "fd00::1/64",
                           "192.168.5.0/22", "10.0.0.0/-1", "10.0.0.0/8/8", "::ffff:10.0.0.1/104", "::ffff:0:0/90"}) {
    EXPECT_FALSE(canonical_network(text)) << text;
  }
}

TEST(Rates, CountPerSecondMinuteOrHour) {
  EXPECT_DOUBLE_EQ(parse_rate("50/s")->per_second, 50);
  EXPECT_DOUBLE_EQ(parse_rate("50/s")->burst, 100);
  EXPECT_DOUBLE_EQ(parse_rate("30/m")->per_second, 0.5);
  EXPECT_DOUBLE_EQ(parse_rate("30/m")->burst, 30);
  EXPECT_DOUBLE_EQ(parse_rate("36/h")->per_second, 0.01);
  EXPECT_DOUBLE_EQ(parse_rate("50/s burst 7")->burst, 7);
  for (const auto* text : {"", "/s", "50", "50/", "50/d", "0/s", "-1/s", "1.5/s", "50/s burst", "50/s burst 0",
                           "50/s burst x", "50 / s", "9999999/s", "50/S", "50/s  burst 1"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
}

TEST(Rates, ArePrintedAsTheyAreRead) {
  for (const auto* text : {"50/s", "10/s burst 30", "30/m", "10/m", "5/h", "7/m burst 1", "1/s"}) {
    EXPECT_EQ(format_rate(*parse_rate(text)), text);
  }
}

TEST(Names, AreShortAndPlain) {
  EXPECT_TRUE(is_handle("a"));
  EXPECT_TRUE(is_handle("0-x"));
  EXPECT_TRUE(is_handle(std::string(63, 'a')));
  for (const auto& text : {std::string(), std::string("-a"), std::string("A"), std::string("a_b"), std::string("a.b"),
                           std::string(64, 'a'), std::string("ä")}) {
    EXPECT_FALSE(is_handle(text)) << text;
  }
  EXPECT_TRUE(is_name("ten-x_2.a"));
  EXPECT_FALSE(is_name(".a"));
  EXPECT_FALSE(is_name("a b"));
  EXPECT_FALSE(is_name(""));
}

TEST(Domains, AreHostNamesInLowerCase) {
  EXPECT_TRUE(is_domain("chatgpt.com"));
  EXPECT_TRUE(is_domain("localhost"));
  for (const auto* text : {"", "Chatgpt.com", "a..b", ".a", "a:443", "*.a.test", "a/b", "https://a", "a_b.test"}) {
    EXPECT_FALSE(is_domain(text)) << text;
  }
}

TEST(Users, AreNamesOrProviderAndSubject) {
  EXPECT_TRUE(is_user_key("alice"));
  EXPECT_TRUE(is_user_key("alice@example.test"));
  EXPECT_TRUE(is_user_key("entra:AbC:d"));
  for (const auto* text : {"", "a b", "a\nb", "a\tb", ":x", "entra:", "Entra:x"}) {
    EXPECT_FALSE(is_user_key(text)) << text;
  }
}

TEST(HeaderNames, OfTheConnectionTheMessageAndTheClientAreRefused) {
  EXPECT_EQ(header_name_fault("X-Tenant"), "");
  EXPECT_EQ(header_name_fault("Authorization"), "");
  EXPECT_EQ(header_name_fault("Cookie"), "");
  for (const auto* name : {"Host", "HOST", "connection", "Content-Length", "Transfer-Encoding", "TE", "Trailer",
                           "Upgrade", "Keep-Alive", "Proxy-Connection", "Expect", "Content-Encoding"}) {
    EXPECT_THAT(std::string(header_name_fault(name)), HasSubstr("gateway sets it itself")) << name;
  }
  for (const auto* name : {"Accept", "Content-Type", "mcp-session-id", "MCP-Protocol-Version", "Last-Event-ID",
                           "traceparent", "User-Agent"}) {
    EXPECT_THAT(std::string(header_name_fault(name)), HasSubstr("passed on")) << name;
  }
  for (const auto* name : {"", "X Tenant", "X_Tenant", "X-Tenant:", "X-Tenant ", "X\r\nY", "X-Ä", "X(Y)"}) {
    EXPECT_NE(header_name_fault(name), "") << name;
  }
}

TEST(HeaderTemplates, HoldKnownPlaceholdersOnly) {
  for (const auto* text : {"plain", "{tenant.handle}", "{user.email|-}", "a{role|}b{scopes}c", "{user.name|no one}",
                           "{grant.id}", "{resource}", "{client.name|x}"}) {
    EXPECT_EQ(header_template_fault(text), "") << text;
  }
  for (const auto* text : {"{}", "{tenant}", "{ role}", "{role }", "{user.password}", "{role", "role}",
                           "{role|{scopes}}", "{{role}}", "a\nb", "a\tb", "ä", " a", "a ", "{|x}"}) {
    EXPECT_NE(header_template_fault(text), "") << text;
  }
}

}  // namespace
}  // namespace postern::config
