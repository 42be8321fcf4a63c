#include "policy/glob.hpp"

#include <gtest/gtest.h>

namespace postern::policy {
namespace {

bool name_matches(const std::string& glob, std::string_view text) {
  return GlobSet({glob}, GlobKind::name).matches(text);
}
bool uri_matches(const std::string& glob, std::string_view text) {
  return GlobSet({glob}, GlobKind::uri).matches(text);
}

TEST(Glob, MatchesTheWholeNameOnly) {
  EXPECT_TRUE(name_matches("echo", "echo"));
  EXPECT_FALSE(name_matches("echo", "echo2"));
  EXPECT_FALSE(name_matches("echo", "an echo"));
  EXPECT_FALSE(name_matches("echo", "Echo"));
  EXPECT_FALSE(name_matches("echo", "echo\n"));
}

TEST(Glob, TakesEverythingButTheStarAsItself) {
  EXPECT_TRUE(name_matches("a.b[c]+(d)?|e\\f$^{1}", "a.b[c]+(d)?|e\\f$^{1}"));
  EXPECT_FALSE(name_matches("a.b", "axb"));
  EXPECT_FALSE(name_matches("a?", "ab"));
  EXPECT_TRUE(name_matches("größe", "größe"));
}

TEST(Glob, StarInANameReachesAnywhere) {
  EXPECT_TRUE(name_matches("links.*", "links.list"));
  EXPECT_TRUE(name_matches("links.*", "links."));
  EXPECT_FALSE(name_matches("links.*", "links"));
  EXPECT_TRUE(name_matches("*", ""));
  EXPECT_TRUE(name_matches("*/list", "links/list"));
  EXPECT_TRUE(name_matches("a*z", "a\nz"));
}

TEST(Glob, StarInAUriStopsAtTheSlashAndTwoStarsDoNot) {
  EXPECT_TRUE(uri_matches("file:///public/*", "file:///public/a.txt"));
  EXPECT_FALSE(uri_matches("file:///public/*", "file:///public/deep/a.txt"));
  EXPECT_TRUE(uri_matches("file:///public/**", "file:///public/deep/a.txt"));
  EXPECT_TRUE(uri_matches("file:///*/readme", "file:///x/readme"));
  EXPECT_FALSE(uri_matches("file:///*/readme", "file:///x/y/readme"));
  EXPECT_TRUE(uri_matches("file:///**/readme", "file:///x/y/readme"));
  EXPECT_FALSE(uri_matches("file:///public/**", "file:///publicity/a"));
}

TEST(Glob, PercentEscapesOfUrisAreTheCharactersTheyStandFor) {
  EXPECT_TRUE(uri_matches("file:///secret/**", "file:///%73ecret/x"));
  EXPECT_TRUE(uri_matches("file:///my%20file", "file:///my%20file"));
  EXPECT_TRUE(uri_matches("file:///%6dy%20file", "file:///my%20file"));
  EXPECT_TRUE(uri_matches("db://acme/%40private", "db://acme/@private"));
  EXPECT_TRUE(uri_matches("x:%ff%fe/*", "x:%FF%FE/a"));
  EXPECT_FALSE(uri_matches("x:a%2Ab", "x:aab")) << "an encoded star is no wildcard";
  EXPECT_FALSE(name_matches("a%20b", "a b")) << "names are not URIs";
}

TEST(Glob, AnEmptySetMatchesNothing) {
  EXPECT_TRUE(GlobSet().empty());
  EXPECT_FALSE(GlobSet().matches(""));
}

TEST(Glob, OneOfSeveralIsEnough) {
  const GlobSet globs({"a", "b.*"}, GlobKind::name);
  EXPECT_TRUE(globs.matches("a"));
  EXPECT_TRUE(globs.matches("b.c"));
  EXPECT_FALSE(globs.matches("c"));
}

TEST(Glob, TheLongestGlobStillCompilesAndMatches) {
  std::string stars;
  while (stars.size() + 2 <= GlobSet::kLongest) stars += "a*";
  EXPECT_TRUE(name_matches(stars, std::string(GlobSet::kLongest, 'a')));
  EXPECT_FALSE(name_matches(stars, std::string(GlobSet::kLongest, 'b')));
  EXPECT_TRUE(name_matches(std::string(GlobSet::kLongest, 'a'), std::string(GlobSet::kLongest, 'a')));
}

class PlainUri : public testing::TestWithParam<const char*> {};
TEST_P(PlainUri, IsNotRefused) { EXPECT_FALSE(is_ambiguous_uri(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Uris, PlainUri,
                         testing::Values("file:///public/a%20b.txt", "test://static-text",
                                         "demo://resource/dynamic/text/1", "ui://widget?x=1", "https://example.com/",
                                         "https://example.com/a?b=c%23d", "file:///C:/Users/x", "file:///a/.hidden",
                                         "file:///a/...", "file:///a/b..c", "file:///r%C3%A9sum%C3%A9", "file:///größe",
                                         "urn:isbn:123", "memo://Acme/Notes", "git+ssh://git@host/x", "test://a//b",
                                         "demo://resource/dynamic/text/{resourceId}", "file:///{+path}",
                                         "test://template/{id}/data{?q}", "a", "file:///a/b%3Fc",
                                         "https://example.com:8443/x"));

class TwofoldUri : public testing::TestWithParam<const char*> {};
TEST_P(TwofoldUri, IsRefused) { EXPECT_TRUE(is_ambiguous_uri(GetParam())); }
INSTANTIATE_TEST_SUITE_P(DotSegments, TwofoldUri,
                         testing::Values("file:///public/../etc/passwd", "file:///public/..", "file:///public/.",
                                         "file:///./x", "../x", "file:///public/%2e%2e/etc", "file:///public/.%2E/etc",
                                         "file:///public/..;x/etc", "file:///public/x%3F/../../etc",
                                         "file:///public/x?/../../etc", "file:///public/x#/../../etc",
                                         "file:///public/..?x", "demo://resource/../secret/{id}"));
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

TEST(AmbiguousUri, OneAddressHasOneSpelling) {
  for (const auto* uri :
       {"https://evil.test?.good.test/x", "https://evil.test#.good.test/x", "https://evil.test:443?.good.test/",
        "http://127.0.0.1:80/x", "http://127.1/x", "http://0x7f.1/x", "http://2130706433/x", "http://127.0.0.01/x",
        "http://host.test./x", "http://host.test:/x", "http://host.test:080/x", "http://[0:0:0:0:0:0:0:1]/x",
        "https://host.test", "https://host.test/x#y", "https://\xEF\xBC\x91.test/x", "file:///c|/x",
        "file:///secret.txt#x", "file:///secret.txt?x"}) {
    EXPECT_TRUE(is_ambiguous_uri(uri)) << uri;
  }
  for (const auto* uri : {"http://127.0.0.1/x", "http://127.0.0.1:8080/x", "http://[::1]/x", "https://good.test/x?y=1",
                          "https://good.test:8443/", "file:///c:/x", "demo://resource/1#part", "ui://widget?x=1"}) {
    EXPECT_FALSE(is_ambiguous_uri(uri)) << uri;
  }
}

}  // namespace
}  // namespace postern::policy
