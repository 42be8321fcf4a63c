#include "http/cookie.hpp"

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
