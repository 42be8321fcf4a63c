#include "http/header/forwarded.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::http {
namespace {

using testing::ElementsAre;

std::vector<std::string> entries_of(std::string_view text) {
  std::vector<std::string> entries;
  for (std::optional<std::string_view> list = text; list;) entries.emplace_back(take_last_entry(list));
  return entries;
}

TEST(LastEntry, EntriesComeFromTheRightWithoutBlanks) {
  EXPECT_THAT(entries_of("a"), ElementsAre("a"));
  EXPECT_THAT(entries_of("a, b ,\tc"), ElementsAre("c", "b", "a"));
  EXPECT_THAT(entries_of(""), ElementsAre(""));
  EXPECT_THAT(entries_of("a,,b,"), ElementsAre("", "b", "", "a"));
}

TEST(LastEntry, ACommaInQuotesDoesNotSeparate) {
  EXPECT_THAT(entries_of(R"(for="a,b", for=c)"), ElementsAre("for=c", R"(for="a,b")"));
  EXPECT_THAT(entries_of(R"(x="a\",b", y)"), ElementsAre("y", R"(x="a\",b")"));
  EXPECT_THAT(entries_of(R"(x="a\\", y)"), ElementsAre("y", R"(x="a\\")"));
}

// The left part is the client's own: it must not swallow what a proxy wrote behind it.
TEST(LastEntry, AnOpenQuoteAtTheLeftDoesNotReachTheRight) {
  for (const std::string open : {R"(")", R"(for=")", R"(for="1.1.1.1;x=\")", R"(\)", R"(for=1.1.1.1;x="\\)"}) {
    std::optional<std::string_view> list;
    const std::string text = open + R"(, for="[2001:db8::9]:443")";
    list = text;
    EXPECT_EQ(take_last_entry(list), R"(for="[2001:db8::9]:443")") << open;
  }
}

TEST(ForwardedFor, TakesTheParameterAmongOthers) {
  EXPECT_EQ(forwarded_for("for=192.0.2.60"), "192.0.2.60");
  EXPECT_EQ(forwarded_for("For=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60");
  EXPECT_EQ(forwarded_for("proto=https ; FOR=\"[2001:db8:cafe::17]:4711\""), "[2001:db8:cafe::17]:4711");
  EXPECT_EQ(forwarded_for(";;for=_gazonk;"), "_gazonk");
  EXPECT_EQ(forwarded_for("for=unknown"), "unknown");
  EXPECT_EQ(forwarded_for(R"(host="a;for=1.1.1.1";for=192.0.2.60)"), "192.0.2.60");
  EXPECT_EQ(forwarded_for(R"(for="19\2.0.2.60")"), "192.0.2.60");
  EXPECT_EQ(forwarded_for("for=[2001:db8::1]:80;proto=http"), "[2001:db8::1]:80");
}

TEST(ForwardedFor, WhatBreaksTheGrammarIsNoAddress) {
  for (const char* broken :
       {"", ";", "proto=https", "for", "for:192.0.2.60", "=192.0.2.60", "for=1.1.1.1;for=2.2.2.2", "for=\"192.0.2.60",
        "for=192.0.2.60\"", "for=\"a\"b", "for=a; =b", "for=\"a\\", "f or=a"}) {
    EXPECT_EQ(forwarded_for(broken), std::nullopt) << broken;
  }
}

TEST(NodeAddress, HasNoPortBracketsAndQuotes) {
  for (const char* node : {"192.0.2.1", "192.0.2.1:80", "192.0.2.1:51234", "\"192.0.2.1:80\"", "192.0.2.1:_http"}) {
    EXPECT_EQ(node_address(node), "192.0.2.1") << node;
  }
  for (const char* node : {"2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443", "\"[2001:db8::1]:443\""}) {
    EXPECT_EQ(node_address(node), "2001:db8::1") << node;
  }
  EXPECT_EQ(node_address("unknown"), "unknown");
  EXPECT_EQ(node_address(""), "");
}

TEST(NodeAddress, MalformedPortsAndBracketsAreRefused) {
  for (const char* node :
       {"192.0.2.1:", "192.0.2.1:x", "192.0.2.1:123456", "192.0.2.1:8 0", "192.0.2.1:_", "[2001:db8::1",
        "[2001:db8::1]443", "[2001:db8::1]:", "[2001:db8::1]:x", "[2001:db8::1]:80:80"}) {
    EXPECT_EQ(node_address(node), std::nullopt) << node;
  }
}

}  // namespace
}  // namespace postern::http
