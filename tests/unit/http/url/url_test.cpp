#include "http/url/url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/url/authority.hpp"
#include "http/url/target.hpp"

namespace postern::http {
namespace {

using namespace std::string_literals;

TEST(ParseUrl, SplitsAndPrintsInOneForm) {
  const auto url = parse_url("HTTPS://AI.Example.test:443/mcp/A%2f?x=1#frag").value();
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "ai.example.test");
  EXPECT_EQ(url.port, "");
  EXPECT_EQ(url.path, "/mcp/A%2f");
  EXPECT_EQ(url.query, "x=1");
  EXPECT_TRUE(url.has_query);
  EXPECT_TRUE(url.has_fragment);
  EXPECT_TRUE(url.has_authority);
  EXPECT_FALSE(url.has_userinfo);
  EXPECT_EQ(url.origin(), "https://ai.example.test");
  EXPECT_EQ(url.to_string(), "https://ai.example.test/mcp/A%2f?x=1");
}

TEST(ParseUrl, KeepsAPortThatIsNotTheSchemes) {
  EXPECT_EQ(parse_url("http://[::1]:443").value().origin(), "http://[::1]:443");
  EXPECT_EQ(parse_url("http://a.test:80/").value().to_string(), "http://a.test/");
  EXPECT_EQ(parse_url("https://a.test:8443?").value().to_string(), "https://a.test:8443?");
}

TEST(ParseUrl, TakesPrivateUseSchemes) {
  EXPECT_EQ(parse_url("com.example.App:/callback").value().to_string(), "com.example.app:/callback");
  EXPECT_EQ(parse_url("cursor://anysphere.cursor/oauth?x").value().to_string(), "cursor://anysphere.cursor/oauth?x");
  EXPECT_FALSE(parse_url("com.example.app:/callback").value().has_authority);
}

TEST(ParseUrl, AHostNameMayBeginWithAnAddress) {
  const auto url = parse_url("http://127.0.0.1.evil.test:1/cb").value();
  EXPECT_EQ(url.host, "127.0.0.1.evil.test");
  EXPECT_EQ(url.port, "1");
  EXPECT_EQ(url.path, "/cb");
}

TEST(ParseUrl, NoticesUserInformation) {
  EXPECT_TRUE(parse_url("https://good.test@evil.test/").value().has_userinfo);
  EXPECT_EQ(parse_url("https://good.test@evil.test/").value().host, "evil.test");
  EXPECT_TRUE(parse_url("https://@evil.test/").value().has_userinfo);
}

TEST(ParseUrl, RefusesWhatIsReadDifferentlyElsewhere) {
  for (const std::string& text : {""s,
                                  "/mcp"s,
                                  "a.test/mcp"s,
                                  "//a.test/mcp"s,
                                  "https:"s,
                                  "https:///mcp"s,
                                  "https:/a.test"s,
                                  "https:a.test"s,
                                  "https://"s,
                                  "https://:443/"s,
                                  "https://good.test\\@evil.test"s,
                                  "https:\\\\a.test"s,
                                  "https://a.test/ b"s,
                                  " https://a.test"s,
                                  "https://a.test\t"s,
                                  "https://a.test/\n"s,
                                  "https://caf\xC3\xA9.test/"s,
                                  "https://a.test/caf\xC3\xA9"s,
                                  "https://a%2etest/"s,
                                  "https://127.1/"s,
                                  "https://2130706433/"s,
                                  "https://0x7f000001/"s,
                                  "https://0177.0.0.1/"s,
                                  "https://127.0.0.1.2/"s,
                                  "https://a.test:/"s,
                                  "https://a.test:99999/"s,
                                  "https://a.test:0/"s,
                                  "https://a.test:x/"s,
                                  "https://a..test/"s,
                                  "https://a.test./"s,
                                  "https://[::1"s,
                                  "https://[fe80::1%25lo]/"s,
                                  "https://[v1.a]/"s,
                                  "https://a.test/%zz"s,
                                  "https://a.test/%"s,
                                  "https://a.test/<"s,
                                  "https://a,b/"s,
                                  "https://a@b@c/"s,
                                  "https://a.test:1x/"s,
                                  "http://127.0.0.1:80x/"s,
                                  "http://[::1]x/"s,
                                  "http://[::1\0]/"s,
                                  "http://127.0.0.1\0/"s,
                                  "1a:/b"s,
                                  ":/b"s,
                                  "a b:/c"s,
                                  "https://a.test/[x]"s,
                                  "https://a.test?{"s,
                                  "https://a.test#\\"s,
                                  "https://a.test/\0"s}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
  EXPECT_FALSE(parse_url("https://a.test/" + std::string(8192, 'a')));
}

TEST(Loopback, IsOnlyWhatIsWrittenPlainly) {
  for (const std::string host : {"localhost", "LOCALHOST", "127.0.0.1", "127.255.0.3", "[::1]"}) {
    EXPECT_TRUE(parse_url("http://" + host + ":1/cb").value().is_loopback()) << host;
  }
  for (const std::string host : {"127.0.0.1.evil.test", "localhost.evil.test", "a.localhost", "[::]", "0.0.0.0",
                                 "128.0.0.1", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]", "127.test"}) {
    EXPECT_FALSE(parse_url("http://" + host + ":1/cb").value().is_loopback()) << host;
  }
}

TEST(CanonicalAuthority, LowersTheHostAndDropsTheDefaultPort) {
  EXPECT_EQ(canonical_authority("AI.Example.test:443", true), "ai.example.test");
  EXPECT_EQ(canonical_authority("ai.example.test:443", false), "ai.example.test:443");
  EXPECT_EQ(canonical_authority("ai.example.test:80", false), "ai.example.test");
  EXPECT_EQ(canonical_authority("[2001:DB8::1]:8443", true), "[2001:db8::1]:8443");
  for (const std::string text : {"", "a b", "a,b", "a@b", "a/b", "a:", ":80", "a:80:80", "[::1", "127.1"}) {
    EXPECT_EQ(canonical_authority(text, true), std::nullopt) << text;
  }
}

TEST(CanonicalResource, IsOneForAllSpellings) {
  for (const std::string text :
       {"https://a.test/mcp", "HTTPS://A.TEST/mcp", "https://a.test:443/mcp", "https://a.test/mcp/"}) {
    EXPECT_EQ(canonical_resource(text), "https://a.test/mcp") << text;
  }
  EXPECT_EQ(canonical_resource("https://a.test/"), "https://a.test");
  EXPECT_EQ(canonical_resource("https://a.test"), "https://a.test");
  EXPECT_EQ(canonical_resource("http://localhost:3000/mcp?x=1"), "http://localhost:3000/mcp?x=1");
}

TEST(CanonicalResource, DiffersWhereTheResourceDoes) {
  EXPECT_NE(canonical_resource("https://a.test/mcp"), canonical_resource("https://a.test/MCP"));
  EXPECT_NE(canonical_resource("https://a.test/mcp"), canonical_resource("http://a.test/mcp"));
  EXPECT_NE(canonical_resource("https://a.test/mcp"), canonical_resource("https://a.test:8443/mcp"));
  EXPECT_NE(canonical_resource("https://a.test/mcp"), canonical_resource("https://a.test/mcp?x"));
  EXPECT_NE(canonical_resource("https://a.test/t1/mcp"), canonical_resource("https://a.test/t2/mcp"));
}

TEST(CanonicalResource, DoesNotExistForWhatCannotBeCompared) {
  for (const std::string text :
       {"", "mcp", "urn:mcp", "https://a.test/mcp#x", "https://a.test/mcp#", "https://u@a.test/mcp",
        "https://a.test/../mcp", "https://a.test/t1/%2e%2e/mcp", "https://a.test/t1%2fmcp", "https://a.test/t1%5cmcp",
        "https://a.test//mcp", "https://a.test/mcp//", "https://a.test/mcp;x", "https://a.test/%00"}) {
    EXPECT_EQ(canonical_resource(text), std::nullopt) << text;
  }
}

TEST(PathFault, NamesTheReason) {
  EXPECT_EQ(path_fault("/a/b/"), "");
  EXPECT_EQ(path_fault("/"), "");
  EXPECT_EQ(path_fault("/a//b"), "an empty segment in the path");
  EXPECT_EQ(path_fault("/a/%2E./b"), "a dot segment in the path");
  EXPECT_EQ(path_fault("/a%2fb"), "an encoded separator in the path");
  EXPECT_EQ(path_fault(""), "the path does not begin with a slash");
}

TEST(SplitAuthority, YieldsViewsOfHostAndPort) {
  const auto authority = split_authority("[::1]:8443");
  ASSERT_TRUE(authority);
  EXPECT_EQ(authority->host, "[::1]");
  EXPECT_EQ(authority->port, "8443");
  EXPECT_TRUE(is_ipv4("10.0.0.1"));
  EXPECT_FALSE(is_ipv4("10.0.0.256"));
}

}  // namespace
}  // namespace postern::http
