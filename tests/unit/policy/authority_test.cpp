#include "policy/authority.hpp"

#include <gtest/gtest.h>

namespace postern::policy {
namespace {

TEST(Authority, IsCutWhereItEnds) {
  const auto parts = uri_parts("db://user@prod:1?a/b");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->scheme, "db");
  EXPECT_EQ(parts->authority, "user@prod:1");
  EXPECT_EQ(parts->rest, "?a/b");
  EXPECT_EQ(uri_parts("db://prod")->rest, "");
  EXPECT_EQ(uri_parts("file:///x")->authority, "");
  EXPECT_EQ(uri_parts("urn:isbn:1")->authority, std::nullopt);
  EXPECT_EQ(uri_parts("a/b:c"), std::nullopt);
}

TEST(Authority, HasOnePlainSpelling) {
  for (const auto* spelling : {"prod", "PROD", "Prod.", "user@prod", "user:secret@PROD", "prod:", "prod:0", "prod.."})
    EXPECT_EQ(plain_authority("db", spelling), "prod") << spelling;
  EXPECT_EQ(plain_authority("db", "prod:5432"), "prod:5432");
  EXPECT_EQ(plain_authority("db", "prod:05432"), "prod:5432");
  EXPECT_EQ(plain_authority("https", "prod:0443"), "prod");
  EXPECT_EQ(plain_authority("http", "prod:443"), "prod:443");
  EXPECT_EQ(plain_authority("db", ""), "");
}

TEST(Authority, WritesAddressesInOneForm) {
  for (const auto* spelling :
       {"127.0.0.1", "127.1", "0x7f.1", "2130706433", "127.0.0.1.", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]"})
    EXPECT_EQ(plain_authority("db", spelling), "127.0.0.1") << spelling;
  for (const auto* spelling : {"[::1]", "[0:0:0:0:0:0:0:1]", "[0::1]"})
    EXPECT_EQ(plain_authority("db", spelling), "[::1]") << spelling;
  EXPECT_EQ(plain_authority("db", "[FE80::A]:99"), "[fe80::a]:99");
  EXPECT_EQ(plain_authority("users", "99999999999"), "99999999999") << "a name that is a number, and not an address";
  EXPECT_EQ(plain_authority("http", "99999999999"), std::nullopt);
}

TEST(Authority, HasNoPlainSpellingWhereReadersDisagreeOnTheHost) {
  for (const auto* text :
       {"a@b@c", "user@", ":1", ".", "[::1", "a]", "[x]", "\xC3\xB6", "10.0.0.010", "0177.0.0.1", "a,b"})
    EXPECT_EQ(plain_authority("db", text), std::nullopt) << text;
  EXPECT_EQ(plain_authority("https", ""), std::nullopt);
  EXPECT_EQ(plain_authority("https", "host:x"), std::nullopt);
  EXPECT_EQ(plain_authority("file", "localhost"), std::nullopt);
  EXPECT_EQ(plain_authority("file", ""), "");
}

TEST(Authority, AReadingDiffersFromTheUriInItsAuthorityAlone) {
  EXPECT_EQ(plain_reading("DB://User@PROD:05432/Path?Q#F"), "db://prod:5432/Path?Q#F");
  EXPECT_EQ(plain_reading("file://localhost/Secret"), "file:///Secret");
  EXPECT_EQ(plain_reading("urn:ISBN:1"), "urn:ISBN:1");
  EXPECT_EQ(plain_reading("db://a@b@c/t"), "db://a@b@c/t");
}

TEST(Authority, AWholeNumberMayBeAName) {
  EXPECT_TRUE(may_be_name("users://42/profile"));
  for (const auto* uri : {"users://4.2/profile", "users://0x42/a", "http://42/", "users:42", "users:///42"})
    EXPECT_FALSE(may_be_name(uri)) << uri;
}

TEST(Authority, OnlyWhereNoDefaultIsKnownMayAPortBeIt) {
  EXPECT_EQ(reading_without_port("db://prod:5432/t"), "db://prod/t");
  EXPECT_EQ(reading_without_port("db://[::1]:1/t"), "db://[::1]/t");
  EXPECT_EQ(reading_without_port("db://[::1]/t"), std::nullopt);
  EXPECT_EQ(reading_without_port("db://prod/a:b"), std::nullopt);
  EXPECT_EQ(reading_without_port("https://prod:8443/t"), std::nullopt);
  EXPECT_EQ(reading_without_port("urn:a:1"), std::nullopt);
}

}  // namespace
}  // namespace postern::policy
