#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/wire/head.hpp"

namespace postern::http {
namespace {

constexpr std::string_view kHead = "GET /mcp HTTP/1.1\r\nHost: a.test\r\n\r\n";

TEST(HeadFinder, YieldsTheSizeOfTheHeadAndLeavesTheBody) {
  HeadFinder finder{HeadLimits{}};
  EXPECT_EQ(finder.feed(std::string(kHead) + "body\r\n\r\n").value(), kHead.size());
}

TEST(HeadFinder, WaitsUntilTheLastByte) {
  HeadFinder finder{HeadLimits{}};
  for (std::size_t size = 0; size < kHead.size(); ++size) {
    const auto found = finder.feed(kHead.substr(0, size));
    ASSERT_TRUE(found) << size;
    ASSERT_EQ(*found, 0U) << size;
  }
  EXPECT_EQ(finder.feed(kHead).value(), kHead.size());
}

TEST(HeadFinder, StartsAnewAfterReset) {
  HeadFinder finder{HeadLimits{}};
  ASSERT_EQ(finder.feed(kHead).value(), kHead.size());
  finder.reset();
  EXPECT_EQ(finder.feed("G").value(), 0U);
  EXPECT_EQ(finder.feed(kHead).value(), kHead.size());
}

TEST(HeadFinder, RefusesWithoutWaitingForTheEnd) {
  for (const std::string open :
       {"\x16", "\r", "\n", "g", "GET /\r", "GET / HTTP/2.0", "PRI ", "TRACE ", "GET /a\\", "GET / HTTP/1.1\n",
        "GET / HTTP/1.1\r\nA: b\n", "GET / HTTP/1.1\r\nA: b\rc", "GET / HTTP/1.1\r\n\x01"}) {
    HeadFinder finder{HeadLimits{}};
    EXPECT_FALSE(finder.feed(open)) << open;
  }
  HeadFinder finder{HeadLimits{}};
  EXPECT_FALSE(finder.feed(std::string_view("GET / HTTP/1.1\r\nA: \0", 20)));
}

TEST(HeadFinder, CountsTheFieldsWhileTheyArrive) {
  HeadLimits limits;
  limits.fields = 2;
  HeadFinder finder(limits);
  EXPECT_TRUE(finder.feed("GET / HTTP/1.1\r\nA: b\r\nA: b\r\nA: b\r"));
  const auto fault = finder.feed("GET / HTTP/1.1\r\nA: b\r\nA: b\r\nA: b\r\n");
  ASSERT_FALSE(fault);
  EXPECT_EQ(fault.error().status, 431);
}

TEST(HeadFinder, FaultsOfAnAnswerAreTheUpstreams) {
  for (const std::string bytes :
       {"HTTP/2.0 200 OK\r\n", "ICY 200 OK\r\n", "\r\n", "HTTP/1.1 200 OK\n", "HTTP/1.1 200 OK\r\nA: b\rc"}) {
    HeadFinder finder({}, HeadKind::response);
    const auto fault = finder.feed(bytes);
    ASSERT_FALSE(fault) << bytes;
    EXPECT_EQ(fault.error().status, 502) << bytes;
    EXPECT_EQ(fault.error().error, "bad_gateway");
  }
  HeadFinder finder({}, HeadKind::response);
  const auto fault = finder.feed("HTTP/1.1 200 OK\r\nA: " + std::string(2 << 20, 'b'));
  ASSERT_FALSE(fault);
  EXPECT_EQ(fault.error().status, 502);
}

TEST(HeadFinder, TakesAnAnswerByteByByteWithAsManyFieldsAsItsLimit) {
  const std::string_view head = "HTTP/1.1 200 Caf\xC3\xA9\r\nA: \xFF\r\nB: c\r\n\r\n";
  HeadLimits limits;
  limits.fields = 2;
  HeadFinder finder(limits, HeadKind::response);
  for (std::size_t size = 0; size < head.size(); ++size) ASSERT_EQ(finder.feed(head.substr(0, size)).value(), 0U);
  EXPECT_EQ(finder.feed(head).value(), head.size());
}

TEST(HeadFinder, NamesTheHeaderAtFault) {
  const auto text_of = [](std::string_view lines) {
    HeadFinder finder{HeadLimits{}};
    const auto text = "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(lines);
    const auto found = finder.feed(text);
    return found ? std::string() : fault_text(found.error());
  };
  EXPECT_EQ(text_of(std::string_view("X-Note: a\0b", 11)), "a NUL byte in the head (header: X-Note)");
  EXPECT_EQ(text_of("X-Note: a\x01"), "a control byte in the head (header: X-Note)");
  EXPECT_EQ(text_of("X-Note: a\n"), "a bare line feed in the head (header: X-Note)");
  EXPECT_EQ(text_of("X-Note: a\rb"), "a bare carriage return in the head (header: X-Note)");
  EXPECT_EQ(text_of("X-No\x01te: a"), "a control byte in the head") << "its colon has not come";
}

TEST(FaultText, ShowsOfANameOnlyWhatIsAToken) {
  const auto shown = [](std::string_view field) { return fault_text({400, "invalid_request", "why", field}); };
  EXPECT_EQ(shown(""), "why");
  EXPECT_EQ(shown("X-Tenant "), "why (header: X-Tenant)");
  EXPECT_EQ(shown("X\x1B[2Kevil"), "why (header: X)");
  EXPECT_EQ(shown(" X"), "why");
  EXPECT_EQ(shown("Authorization Bearer secret"), "why (header: Authorization)");
  EXPECT_EQ(shown(std::string(5000, 'a')), "why (header: " + std::string(64, 'a') + ")");
}

}  // namespace
}  // namespace postern::http
