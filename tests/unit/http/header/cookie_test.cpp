#include "http/header/cookie.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace postern::http {
namespace {

Request with(std::vector<std::string> cookies) {
  Request request;
  for (auto& cookie : cookies) request.fields.emplace_back("Cookie", std::move(cookie));
  return request;
}

TEST(SetCookie, IsBoundToTheHostOnHttps) {
  EXPECT_EQ(set_cookie("session", "abc", {}), "__Host-session=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
  EXPECT_EQ(set_cookie("session", "", {.secure = true, .max_age = 0}),
            "__Host-session=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
}

TEST(SetCookie, HasNoPrefixOnPlainHttp) {
  EXPECT_EQ(set_cookie("session", "abc", {.secure = false, .max_age = 60}),
            "session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
}

TEST(SetCookie, AnIllegalValueIsABug) {
  for (const std::string value : {"a; Domain=evil.test", "a b", "a,b", "a\"b", "a\\b", "a\r\nb", "a\xC3\xA9"}) {
    EXPECT_THROW(set_cookie("session", value, {}), std::invalid_argument) << value;
  }
  EXPECT_THROW(set_cookie("a=b", "c", {}), std::invalid_argument);
}

TEST(CookiesThatBegin, AreOursInTheirOrder) {
  const auto found =
      cookies_that_begin(with({"__Host-in_b=12; in_x=1; __Host-in_a=; __Host-other=1", "__Host-in_c=3"}), "in_", true);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].name, "in_b");
  EXPECT_EQ(found[0].size, std::string("__Host-in_b12").size());
  EXPECT_EQ(found[1].name, "in_a");
  EXPECT_EQ(found[2].name, "in_c");
  EXPECT_EQ(cookies_that_begin(with({"__Host-in_b=12; in_x=1; in_y;in_(=1"}), "in_", false).size(), 1U);
}

TEST(ReadCookie, FindsOursAmongOthers) {
  EXPECT_EQ(read_cookie(with({"a=1; __Host-session=x=y; b=2"}), "session", true), "x=y");
  EXPECT_EQ(read_cookie(with({"a=1;session=x"}), "session", false), "x");
  EXPECT_EQ(read_cookie(with({"a=1", "__Host-session=x"}), "session", true), "x");
  EXPECT_EQ(read_cookie(with({"__Host-session="}), "session", true), "");
}

TEST(ReadCookie, IsAbsentUnderAnyOtherName) {
  for (const std::string cookie : {"", ";;", "session=x", "__host-session=x", "__HOST-SESSION=x", "x__Host-session=x",
                                   "__Host-session", "__Host-session =x", "=__Host-session=x"}) {
    EXPECT_EQ(read_cookie(with({cookie}), "session", true), std::nullopt) << cookie;
  }
  EXPECT_EQ(read_cookie(with({"__Host-session=x"}), "session", false), std::nullopt);
  EXPECT_EQ(read_cookie(Request{}, "session", true), std::nullopt);
}

TEST(ReadCookie, ANameThatStandsTwiceCountsForNothing) {
  EXPECT_EQ(read_cookie(with({"__Host-session=x; __Host-session=y"}), "session", true), std::nullopt);
  EXPECT_EQ(read_cookie(with({"__Host-session=x; __Host-session=x"}), "session", true), std::nullopt);
  EXPECT_EQ(read_cookie(with({"__Host-session=x", "a=b; __Host-session=y"}), "session", true), std::nullopt);
}

TEST(ReadCookie, BytesAbove0x7FCostTheirOwnCookieAlone) {
  EXPECT_EQ(read_cookie(with({"city=S\xC3\xA3o; __Host-session=x; \xFF=\xFF; \xFF"}), "session", true), "x");
  EXPECT_EQ(read_cookie(with({"__Host-session=\xC3"}), "session", true), std::nullopt);
}

TEST(CookiesThatBegin, WhatWeCouldNotHaveSetIsPassedOver) {
  const auto found = cookies_that_begin(
      with({"__Host-mark=a b; __Host-mark_1=\"q\"; __Host-mark_2=\xE9; __Host-mark_\xE9=x; __Host-mark_3=good"}),
      "mark", true);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "mark_3");
  EXPECT_EQ(found[0].value, "good");
}

TEST(ReadCookie, AMalformedValueCountsForNothing) {
  EXPECT_EQ(read_cookie(with({"__Host-session=\"x\""}), "session", true), std::nullopt);
  EXPECT_EQ(read_cookie(with({"__Host-session=a b"}), "session", true), std::nullopt);
}

TEST(ReadCookie, LooksAtABoundedNumberOfBytesAndCookies) {
  const std::string ours = "__Host-session=x";
  EXPECT_EQ(read_cookie(with({ours + "; a=" + std::string(16 * 1024 - ours.size() - 4, 'b')}), "session", true), "x");
  EXPECT_EQ(read_cookie(with({ours + "; a=" + std::string(16 * 1024, 'b')}), "session", true), std::nullopt);
  std::string many;
  for (int i = 0; i < 299; ++i) many += "a=b; ";
  EXPECT_EQ(read_cookie(with({many + ours}), "session", true), "x");
  EXPECT_EQ(read_cookie(with({many + "a=b; " + ours}), "session", true), std::nullopt);
}

}  // namespace
}  // namespace postern::http
