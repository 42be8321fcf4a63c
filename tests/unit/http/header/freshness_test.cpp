#include "http/header/freshness.hpp"

#include <gtest/gtest.h>

#include "http/wire/head.hpp"

namespace postern::http {
namespace {

using namespace std::chrono_literals;

const Time kNow = *parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");

std::optional<std::chrono::seconds> lifetime(const std::string& fields) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + fields + "\r\n";
  const auto read = scan_response_head(head, "GET", {});
  EXPECT_TRUE(read) << fields;
  return freshness_lifetime(read->fields, kNow);
}

TEST(Freshness, SaysNothingWhereTheHeadersSayNothing) {
  EXPECT_EQ(lifetime(""), std::nullopt);
  EXPECT_EQ(lifetime("Cache-Control: public, immutable\r\n"), std::nullopt);
  EXPECT_EQ(lifetime("Cache-Control: max-age=soon\r\n"), std::nullopt);
}

TEST(Freshness, MaxAgeCountsLessTheAge) {
  EXPECT_EQ(lifetime("Cache-Control: max-age=300\r\n"), 300s);
  EXPECT_EQ(lifetime("cache-control: public, MAX-AGE=\"300\"\r\nAge: 100\r\n"), 200s);
  EXPECT_EQ(lifetime("Cache-Control: max-age=300\r\nAge: 400\r\n"), 0s);
  EXPECT_EQ(lifetime("Cache-Control: max-age=300\r\nExpires: Sun, 06 Nov 1994 08:49:38 GMT\r\n"), 300s);
}

TEST(Freshness, ForACacheOfManySharedMaxAgeComesFirst) {
  EXPECT_EQ(lifetime("Cache-Control: max-age=300, s-maxage=60\r\n"), 60s);
}

TEST(Freshness, GivenTwiceTheLeastCounts) {
  EXPECT_EQ(lifetime("Cache-Control: max-age=300\r\nCache-Control: max-age=60\r\n"), 60s);
}

TEST(Freshness, WhatMustNotBeKeptIsZero) {
  for (const char* directive : {"no-store", "no-cache", "private", "max-age=300, No-Store", "no-cache=\"x\""}) {
    EXPECT_EQ(lifetime("Cache-Control: " + std::string(directive) + "\r\n"), 0s) << directive;
  }
}

TEST(Freshness, ExpiresCountsFromTheDateItWasSent) {
  EXPECT_EQ(lifetime("Expires: Sun, 06 Nov 1994 08:50:37 GMT\r\n"), 60s);
  EXPECT_EQ(lifetime("Date: Sun, 06 Nov 1994 08:50:07 GMT\r\nExpires: Sun, 06 Nov 1994 08:50:37 GMT\r\n"), 30s);
  for (const char* past : {"0", "-1", "Sun, 06 Nov 1994 08:48:37 GMT", "tomorrow", "Sunday, 06-Nov-94 08:50:37 GMT"}) {
    EXPECT_EQ(lifetime("Expires: " + std::string(past) + "\r\n"), 0s) << past;
  }
}

TEST(Freshness, NumbersThatAreTooLargeAreTheLargest) {
  EXPECT_GT(*lifetime("Cache-Control: max-age=99999999999999999999999\r\n"), 24h * 365);
}

}  // namespace
}  // namespace postern::http
