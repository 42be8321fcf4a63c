#include "oauth/redirect_uri.hpp"

#include <gtest/gtest.h>

namespace postern::oauth {
namespace {

TEST(RedirectUri, HttpsLoopbackAndPrivateUseSchemesMayBeRegistered) {
  for (const char* uri :
       {"https://chatgpt.com/connector/oauth/x", "https://app.example:8443/cb?x=1", "https://app.example",
        "http://127.0.0.1/cb", "http://127.0.0.1:8787/callback", "http://[::1]:1/cb", "http://localhost/callback",
        "http://localhost:6274/oauth/callback", "cursor://anysphere.cursor-mcp/oauth/callback",
        "vscode://vscode.github-authentication/did", "com.example.app:/cb", "com.example.app:cb"}) {
    EXPECT_EQ(redirect_uri_fault(uri), std::nullopt) << uri;
  }
}

TEST(RedirectUri, PlainHttpIsForLoopbackOnly) {
  for (const char* uri : {"http://public.example/cb", "http://127.0.0.1.evil.example/cb", "http://127.1/cb",
                          "http://2130706433/cb", "http://0.0.0.0/cb", "http://localhost.evil.example/",
                          "http://10.0.0.1/", "http://0x7f.1/cb", "http://[::ffff:127.0.0.1]/cb"}) {
    EXPECT_NE(redirect_uri_fault(uri), std::nullopt) << uri;
  }
}

TEST(RedirectUri, SchemesThatRunOrReadSomethingAreRefusedHoweverTheyAreWritten) {
  for (const char* uri : {"javascript:alert(1)",
                          "JaVaScRiPt:alert(1)",
                          "\tjavascript:alert(1)",
                          " javascript:alert(1)",
                          "\x01javascript:x",
                          "java\nscript:alert(1)",
                          "javascript://app.example/%0aalert(1)",
                          "data:text/html,x",
                          "DATA:x/y",
                          "vbscript:x",
                          "file:///etc/passwd",
                          "blob:https://x/y",
                          "about:blank",
                          "view-source:https://x",
                          "ws://x/y",
                          "wss://x/y",
                          "ftp://x/y",
                          "intent://x#Intent;end",
                          "ms-msdt:/id",
                          "search-ms:query=x",
                          "filesystem:https://x/y",
                          "c:/x",
                          "mailto:a@b",
                          "chrome://settings",
                          "urn:ietf:wg:oauth:2.0:oob"}) {
    EXPECT_NE(redirect_uri_fault(uri), std::nullopt) << uri;
  }
}

TEST(RedirectUri, NothingThatParsersReadDifferentlyMayBeRegistered) {
  for (const char* uri : {"",
                          "/cb",
                          "app.example/cb",
                          "//app.example/cb",
                          "https:",
                          "https://",
                          "https:///cb",
                          "https://app.example/cb#x",
                          "https://app.example/cb#",
                          "https://good.example@evil.example/cb",
                          "https://good.example\\@evil.example",
                          "https://app.example/a/../b",
                          "https://app.example/./b",
                          "https://app.example/%2e%2e/b",
                          "https://app.example/a b",
                          "https://app.example/\r\nSet-Cookie: a=b",
                          "https://app.example/%0d%0aSet-Cookie:%20a=b",
                          "https://app.example/%00",
                          "https://app.example/?x=%0a",
                          "https://app.example/%zz",
                          "https://\xC3\xA4.example/",
                          "cursor:",
                          "cursor://"}) {
    EXPECT_NE(redirect_uri_fault(uri), std::nullopt) << uri;
  }
  EXPECT_NE(redirect_uri_fault("https://app.example/" + std::string(2048, 'a')), std::nullopt);
}

TEST(RedirectUri, IsComparedByteForByte) {
  const char* registered = "https://good.example/cb";
  EXPECT_TRUE(redirect_uri_matches(registered, registered));
  for (const char* asked :
       {"https://good.example/cb/../evil", "https://good.example/cb?x=1", "https://good.example:443/cb",
        "HTTPS://GOOD.example/cb", "https://good.example/cb/", "https://good.example/CB",
        "https://good.example@evil.example/cb", "https://good.example\\@evil", "https://good.example",
        "https://good.example/%63b", "http://good.example/cb", ""}) {
    EXPECT_FALSE(redirect_uri_matches(registered, asked)) << asked;
  }
}

TEST(RedirectUri, ThePortOfALoopbackUriMayVary) {
  EXPECT_TRUE(redirect_uri_matches("http://127.0.0.1/cb", "http://127.0.0.1:51234/cb"));
  EXPECT_TRUE(redirect_uri_matches("http://127.0.0.1:1/cb", "http://127.0.0.1:51234/cb"));
  EXPECT_TRUE(redirect_uri_matches("http://127.0.0.1:1/cb", "http://127.0.0.1/cb"));
  EXPECT_TRUE(redirect_uri_matches("http://localhost:9/cb", "http://localhost:1/cb"));
  EXPECT_TRUE(redirect_uri_matches("http://[::1]/cb?a=b", "http://[::1]:51234/cb?a=b"));
}

TEST(RedirectUri, NothingButThePortOfALoopbackUriMayVary) {
  const char* registered = "http://127.0.0.1/cb";
  for (const char* asked :
       {"http://127.0.0.1:51234/other", "http://127.0.0.1:51234/cb?x", "http://127.0.0.1.evil.example/cb",
        "http://127.1/cb", "http://2130706433/cb", "http://localhost:1/cb", "http://127.0.0.1:1@evil.example/cb",
        "http://127.0.0.1:/cb", "http://127.0.0.1:0/cb", "http://127.0.0.1:02468/cb", "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:99999999999/cb", "http://127.0.0.1:+1/cb", "http://127.0.0.1:1/cb#x",
        "https://127.0.0.1:1/cb", "HTTP://127.0.0.1:1/cb", "http://127.0.0.1:1", "http://127.0.0.1:1x/cb",
        "http://127.0.0.1:000080/cb"}) {
    EXPECT_FALSE(redirect_uri_matches(registered, asked)) << asked;
  }
  EXPECT_FALSE(redirect_uri_matches("https://app.example/cb", "https://app.example:8443/cb"));
}

TEST(RedirectUri, AnOperatorsDomainsAdmitHostsTheirSubdomainsAndSchemesAsWritten) {
  EXPECT_TRUE(redirect_domain_allowed("https://chatgpt.com/connector/oauth/x", {"claude.ai", "chatgpt.com"}));
  EXPECT_TRUE(redirect_domain_allowed("https://a.b.example.com/cb", {"*.example.com"}));
  EXPECT_TRUE(redirect_domain_allowed("http://localhost:1/cb", {"localhost"}));
  EXPECT_TRUE(redirect_domain_allowed("http://[::1]:8787/cb", {"[::1]"}));
  EXPECT_TRUE(redirect_domain_allowed("cursor://anysphere.cursor-mcp/cb", {"cursor:"}));
  EXPECT_TRUE(redirect_domain_allowed("CURSOR://anysphere.cursor-mcp/cb", {"cursor:"}));
  EXPECT_FALSE(redirect_domain_allowed("https://evilchatgpt.com/", {"chatgpt.com"}));
  EXPECT_FALSE(redirect_domain_allowed("https://chatgpt.com.evil.example/", {"chatgpt.com"}));
  EXPECT_FALSE(redirect_domain_allowed("https://sub.chatgpt.com/", {"chatgpt.com"}));
  EXPECT_FALSE(redirect_domain_allowed("https://example.com/cb", {"*.example.com"}));
  EXPECT_FALSE(redirect_domain_allowed("https://evilexample.com/cb", {"*.example.com"}));
  EXPECT_FALSE(redirect_domain_allowed("cursor://chatgpt.com/cb", {"chatgpt.com"}));
  EXPECT_FALSE(redirect_domain_allowed("cursor2://x/cb", {"cursor:"}));
  EXPECT_FALSE(redirect_domain_allowed("https://cursor/cb", {"cursor:"}));
  EXPECT_FALSE(redirect_domain_allowed("https://app.example/cb", {"https:"})) << "no entry stands for all of the web";
  EXPECT_FALSE(redirect_domain_allowed("http://127.0.0.1/cb", {"[::1]", "localhost"}));
  EXPECT_FALSE(redirect_domain_allowed("http://localhost/cb", {"chatgpt.com"}));
}

TEST(RedirectUri, AListForAMessageIsBounded) {
  EXPECT_EQ(list_redirect_uris({"https://a.test/1", "cursor://b/2"}), "https://a.test/1, cursor://b/2");
  const auto long_one = "https://a.test/" + std::string(2000, 'x');
  const auto list = list_redirect_uris(std::vector<std::string>(50, long_one));
  EXPECT_LT(list.size(), 1200U);
  EXPECT_TRUE(list.ends_with(", and 45 more")) << list;
}

TEST(RedirectUri, PeopleAreShownTheHostOrThePrivateScheme) {
  EXPECT_EQ(redirect_host("https://App.example:8443/cb"), "app.example");
  EXPECT_EQ(redirect_host("cursor://anysphere.cursor-mcp/cb"), "cursor");
}

}  // namespace
}  // namespace postern::oauth
