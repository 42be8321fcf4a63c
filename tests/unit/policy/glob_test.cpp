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
  EXPECT_FALSE(uri_matches("x:a%2Ab", "x:aab")) << "an encoded star is not a wildcard";
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

TEST(Glob, NamesAReadingInThePlainSpellingOfItsOwnAuthorityToo) {
  const auto names = [](const std::string& glob, std::string_view reading) {
    return GlobSet({glob}, GlobKind::uri).matches_reading(reading);
  };
  EXPECT_TRUE(names("db://prod/**", "db://prod/t"));
  EXPECT_TRUE(names("db://PROD/**", "db://prod/t"));
  EXPECT_TRUE(names("db://user@prod./**", "db://prod/t"));
  EXPECT_TRUE(names("db://prod%2E/**", "db://prod/t"));
  EXPECT_TRUE(names("https://Example.com:443/**", "https://example.com/x"));
  EXPECT_TRUE(names("file://localhost/secret/**", "file:///secret/b"));
  EXPECT_TRUE(names("db://*.TEST/t", "db://a.test/t"));
  EXPECT_FALSE(names("db://prod:5432/**", "db://prod/t")) << "a glob with a port names that port alone";
  EXPECT_FALSE(names("db://prod/T", "db://prod/t")) << "paths have capitals";
  EXPECT_FALSE(names("db://pro%2A/t", "db://prod/t")) << "an encoded star is not a wildcard";
}

}  // namespace
}  // namespace postern::policy
