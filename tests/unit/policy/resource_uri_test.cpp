#include "policy/resource_uri.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::policy {
namespace {

class PlainUri : public testing::TestWithParam<const char*> {};
TEST_P(PlainUri, IsNotRefused) { EXPECT_EQ(uri_fault(GetParam()), std::nullopt); }
INSTANTIATE_TEST_SUITE_P(Uris, PlainUri,
                         testing::Values("file:///public/a%20b.txt", "test://static-text",
                                         "demo://resource/dynamic/text/1", "ui://widget?x=1", "https://example.com/",
                                         "https://example.com/a?b=c%23d", "file:///C:/Users/x", "file:///a/.hidden",
                                         "file:///a/...", "file:///a/b..c", "file:///r%C3%A9sum%C3%A9", "file:///größe",
                                         "urn:isbn:123", "memo://Acme/Notes", "git+ssh://git@host/x", "test://a//b",
                                         "demo://resource/dynamic/text/{resourceId}", "file:///{+path}",
                                         "test://template/{id}/data{?q}", "a", "file:///a/b%3Fc",
                                         "https://example.com:8443/x", "users://42/profile", "db://prod:5432/t",
                                         "db://{host}:{port}/t", "config:///app"));

class DottedUri : public testing::TestWithParam<const char*> {};
TEST_P(DottedUri, IsRefusedForItsDotSegments) {
  EXPECT_EQ(uri_fault(GetParam()), "a resource URI must not hold dot segments (. and ..): write the path without them");
}
INSTANTIATE_TEST_SUITE_P(Uris, DottedUri,
                         testing::Values("file:///public/../etc/passwd", "file:///public/..", "file:///public/.",
                                         "file:///./x", "../x", "file:///public/%2e%2e/etc", "file:///public/.%2E/etc",
                                         "file:///public/..;x/etc", "file:///public/x%3F/../../etc",
                                         "file:///public/x?/../../etc", "file:///public/x#/../../etc",
                                         "file:///public/..?x", "demo://resource/../secret/{id}", "demo://a/..?x",
                                         "demo://a/.?x", "demo://a/..#x", "demo://a/.#x", "demo://a/..;x",
                                         "demo://a/b/..?x=/c", "demo://a/%2e%2e?x", "demo://a/..%3Fx",
                                         "demo://a/..%23x", "urn:a/..?x"));

class TwofoldUri : public testing::TestWithParam<const char*> {};
TEST_P(TwofoldUri, IsRefused) { EXPECT_NE(uri_fault(GetParam()), std::nullopt); }
INSTANTIATE_TEST_SUITE_P(Encodings, TwofoldUri,
                         testing::Values("file:///public%2F..%2Fetc", "file:///public/%2f", "file:///a%5Cb",
                                         "file:///a\\b", "file:///public/%252e%252e/etc", "file:///a%00b",
                                         "file:///a%0Ab", "file:///a%7F", "file:///a%", "file:///a%2", "file:///a%zz",
                                         "file:///a b", "file:///a\tb", "file:///a\x7F", "file:///%c0%ae%c0%ae/etc",
                                         "file:///\xff"));
INSTANTIATE_TEST_SUITE_P(SecondSpellings, TwofoldUri,
                         testing::Values("FILE:///secret/x", "File:///x", "file:/secret/x", "file:secret",
                                         "file://localhost/secret", "file:////secret", "file:///a//secret",
                                         "https:example.com", "https:/example.com", "https:///example.com",
                                         "https://Example.com/", "https://ok@example.com/", "HTTPS://example.com/",
                                         "f%49le:///x", "https://%45xample.com/"));

TEST(ResourceUri, OneAddressHasOneSpelling) {
  for (const auto* uri :
       {"https://evil.test?.good.test/x", "https://evil.test#.good.test/x", "https://evil.test:443?.good.test/",
        "http://127.0.0.1:80/x", "http://127.1/x", "http://0x7f.1/x", "http://2130706433/x", "http://127.0.0.01/x",
        "http://host.test./x", "http://host.test:/x", "http://host.test:080/x", "http://[0:0:0:0:0:0:0:1]/x",
        "https://host.test", "https://host.test/x#y", "https://\xEF\xBC\x91.test/x", "file:///c|/x",
        "file:///secret.txt#x", "file:///secret.txt?x"}) {
    EXPECT_NE(uri_fault(uri), std::nullopt) << uri;
  }
  for (const auto* uri : {"http://127.0.0.1/x", "http://127.0.0.1:8080/x", "http://[::1]/x", "https://good.test/x?y=1",
                          "https://good.test:8443/", "file:///c:/x", "demo://resource/1#part", "ui://widget?x=1"}) {
    EXPECT_EQ(uri_fault(uri), std::nullopt) << uri;
  }
}

TEST(ResourceUri, Attack4AFileUriNamesNoHost) {
  for (const auto* uri :
       {"file://127.0.0.1/secret/b", "file://x/secret/b", "file://:0/secret/b", "file://[::1]/secret/b",
        "file://user@/secret/b", "file://./secret/b", "file://%6cocalhost/secret/b"}) {
    EXPECT_NE(uri_fault(uri), std::nullopt) << uri;
  }
  EXPECT_THAT(std::string(uri_fault("file://x/secret/b").value_or("")), testing::HasSubstr("file:///path"));
}

TEST(ResourceUri, Attack4AnAuthorityOfAnySchemeNamesOneCertainHost) {
  for (const auto* uri : {"db://a@b@prod/t", "db://user@/t", "db://:5432/t", "db://prod%3F/t", "db://prod%23/t",
                          "db://[::1/t", "db://pr]od/t", "db://\xEF\xBD\x90rod/t", "db://%EF%BD%90rod/t", "db://./t"}) {
    EXPECT_NE(uri_fault(uri), std::nullopt) << uri;
  }
}

TEST(ResourceUri, TheFaultSaysWhatToWriteAndNothingOfTheUri) {
  for (const auto* uri : {"file:///a/../hush", "file:///hush b", "FILE:///hush", "https://Hush.test/", "file://hush/x",
                          "db://hush@hush@hush/t", "file:///hush%C0"}) {
    const auto fault = uri_fault(uri);
    ASSERT_TRUE(fault) << uri;
    EXPECT_THAT(std::string(*fault), testing::Not(testing::HasSubstr("ush"))) << uri;
  }
}

}  // namespace
}  // namespace postern::policy
