#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/wire/head.hpp"

namespace postern::http {
namespace {

ResponseHead scanned(std::string_view text, std::string_view method = "POST") {
  return scan_response_head(text, method, {}).value();
}

TEST(ResponseHeadScan, YieldsStatusAndFields) {
  const auto head =
      scanned("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 5\r\nX_A: caf\xC3\xA9\r\n\r\n");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.minor, 1);
  EXPECT_EQ(head.framing, Framing::content_length);
  EXPECT_EQ(head.content_length, 5U);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.fields.only("x_a"), "caf\xC3\xA9");
}

TEST(ResponseHeadScan, Compat5AnAnswerMayHoldBytesAbove0x7F) {
  const std::string text =
      "HTTP/1.1 200 D\xE9j\xE0\r\nContent-Length: 0\r\nX-City: S\xE3o Paulo\r\nContent-Disposition: \xFF\r\n\r\n";
  HeadFinder finder(HeadLimits{}, HeadKind::response);
  ASSERT_EQ(finder.feed(text).value(), text.size());
  EXPECT_EQ(scanned(text).fields.all().size(), 3U);
}

TEST(ResponseHeadScan, TakesAStatusLineWithoutAReason) {
  EXPECT_EQ(scanned("HTTP/1.1 404 \r\n\r\n").status, 404);
  EXPECT_EQ(scanned("HTTP/1.1 404\r\n\r\n").status, 404);
}

TEST(ResponseHeadScan, EndsWithTheConnectionWhenNothingSaysWhere) {
  const auto head = scanned("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(head.framing, Framing::until_close);
  EXPECT_FALSE(head.keep_alive);
}

TEST(ResponseHeadScan, HasNoBodyAfterHeadAndFor1xx204And304) {
  EXPECT_EQ(scanned("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD").framing, Framing::none);
  EXPECT_EQ(scanned("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD").content_length, 0U);
  EXPECT_EQ(scanned("HTTP/1.1 100 Continue\r\n\r\n").framing, Framing::none);
  EXPECT_EQ(scanned("HTTP/1.1 103 Early Hints\r\n\r\n").framing, Framing::none);
  EXPECT_EQ(scanned("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n").framing, Framing::none);
  EXPECT_EQ(scanned("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n").framing, Framing::none);
  EXPECT_EQ(scanned("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").framing, Framing::chunked);
}

TEST(ResponseHeadScan, KeepsConnectionsOpenAsTheVersionSays) {
  const auto keeps = [](const std::string& version, const std::string& line) {
    return scanned("HTTP/" + version + " 200 OK\r\nContent-Length: 0\r\n" + line + "\r\n").keep_alive;
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_FALSE(keeps("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: keep-alive; timeout=5\r\n"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Connection: keep-alive\r\n"));
}

class HostileAnswer : public testing::TestWithParam<std::string> {};

TEST_P(HostileAnswer, IsABadGateway) {
  const auto head = scan_response_head(GetParam(), "POST", {});
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().status, 502);
  EXPECT_EQ(head.error().error, "bad_gateway");
  EXPECT_FALSE(head.error().reason.empty());
}

INSTANTIATE_TEST_SUITE_P(StatusLines, HostileAnswer,
                         testing::Values("", "HTTP/1.1\r\n\r\n", "HTTP/1.1 99 Low\r\n\r\n", "HTTP/1.1 099 Low\r\n\r\n",
                                         "HTTP/1.1 600 High\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
                                         "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 -20 OK\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n",
                                         "HTTP/1.2 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n",
                                         "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1\t200 OK\r\n\r\n",
                                         "HTTP/1.1 200\tOK\r\n\r\n", "HTTP/1.1 200 O\x01K\r\n\r\n",
                                         "HTTP/1.1 200 O\rK\r\n\r\n", "HTTP/1.1 200 OK\n\r\n",
                                         "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 200 OK\r\n",
                                         "HTTP/1.1 200 OK\r\n\r\nx"));

INSTANTIATE_TEST_SUITE_P(
    Framing, HostileAnswer,
    testing::Values("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n\r\n", "HTTP/1.1 200 OK\r\nX-A : b\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nX-A: b\x01\r\n\r\n", "HTTP/1.1 200 OK\r\nX-A: b\x7F\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nX-A: b\rc\r\n\r\n", "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nSet-Cookie\r\n\r\n"));

TEST(ResponseHeadScan, RefusesMoreThanItsLimits) {
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 101; ++i) many += "A: b\r\n";
  EXPECT_EQ(scan_response_head(many + "\r\n", "GET", {}).error().status, 502);
  const std::string large = "HTTP/1.1 200 OK\r\nA: " + std::string(2 << 20, 'b') + "\r\n\r\n";
  EXPECT_EQ(scan_response_head(large, "GET", {}).error().status, 502);
}

}  // namespace
}  // namespace postern::http
