#include "http/header/deciding_fields.hpp"

#include <gtest/gtest.h>

#include "http/wire/head.hpp"

namespace postern::http {
namespace {

const std::vector<std::string> kDeciding{"Host",
                                         "Authorization",
                                         "Content-Length",
                                         "Content-Type",
                                         "Content-Encoding",
                                         "Connection",
                                         "Transfer-Encoding",
                                         "Expect",
                                         "Origin",
                                         "Cookie",
                                         "Mcp-Session-Id",
                                         "Mcp-Method",
                                         "Mcp-Name",
                                         "Mcp-Param-Region",
                                         "MCP-Protocol-Version",
                                         "X-Tenant",
                                         "X-Forwarded-For",
                                         "Forwarded",
                                         "Sec-Fetch-Site",
                                         "Accept",
                                         "Last-Event-ID",
                                         "x-TENANT",
                                         "AUTHORIZATION",
                                         "Access-Control-Request-Headers"};

std::string with(const std::string& line) {
  // What the request needs anyway stands before it, so that only the byte can be at fault.
  return "POST /mcp HTTP/1.1\r\nHost: a.test\r\n" + line + "\r\nX-Last: b\r\n\r\n";
}

TEST(DecidingFields, WhatIsPassedOnOrUnknownDecidesNothing) {
  for (const char* name : {"cf-ipcity", "X-Vercel-Ip-City", "User-Agent", "traceparent", "tracestate", "Contents",
                           "Mcp", "X-Forwarded-User", "X-Forwarded-For-", "", "Via"}) {
    EXPECT_FALSE(decides(name)) << name;
  }
}

TEST(DecidingFields, Compat5ABytesAbove0x7FLeavesOutTheFieldAndNotTheRequest) {
  for (const std::string value : {"S\xC3\xA3o Paulo", "S\xE3o Paulo", "\xFF", "M\x80nchen\tx", "x\xC3"}) {
    const auto text = with("cf-ipcity: " + value);
    HeadFinder finder{HeadLimits{}};
    ASSERT_EQ(finder.feed(text).value(), text.size()) << value;
    const auto head = scan_request_head(text, {});
    ASSERT_TRUE(head) << value;
    EXPECT_EQ(head->fields.find("cf-ipcity"), nullptr);
    EXPECT_EQ(head->fields.only("X-Last"), "b") << "what follows is read as ever";
  }
}

TEST(DecidingFields, Compat5OneThatDecidesIsRefusedByName) {
  for (const auto& name : kDeciding) {
    ASSERT_TRUE(decides(name)) << name;
    if (may_hold_obs_text(name)) continue;
    const auto text = with(name + ": x\xC3\xA9");
    const auto head = scan_request_head(text, {});
    ASSERT_FALSE(head) << name;
    EXPECT_EQ(head.error().status, 400);
    EXPECT_NE(fault_text(head.error()).find("(header: " + name + ")"), std::string::npos) << fault_text(head.error());
  }
}

TEST(DecidingFields, Compat5CookiesOfOthersMayHoldBytesAbove0x7F) {
  const auto text = with("Cookie: city=S\xC3\xA3o; postern_session=x");
  const auto head = scan_request_head(text, {});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->fields.only("Cookie"), "city=S\xC3\xA3o; postern_session=x");
  EXPECT_FALSE(scan_request_head(with("Cook_ie: \xC3"), {})->fields.find("Cook_ie"));
}

TEST(DecidingFields, Compat5AnUnderscoreLeavesOutTheFieldWhichIsNotItsTwin) {
  for (const std::string line :
       {"X_Tenant: evil", "x_tenant: evil", "X_Forwarded_For: 192.0.2.1", "Mcp_Session_Id: evil", "_: evil",
        "X__Y_: evil", "X_City: S\xC3\xA3o Paulo", "Content_Type: evil"}) {
    const auto text = with(line);
    const auto head = scan_request_head(text, {});
    ASSERT_TRUE(head) << line;
    EXPECT_EQ(head->fields.all().size(), 2U) << line;
    for (const char* twin : {"X-Tenant", "X-Forwarded-For", "Mcp-Session-Id", "Content-Type"}) {
      EXPECT_EQ(head->fields.find(twin), nullptr) << line;
    }
  }
}

TEST(DecidingFields, ATwinOfWhatFramesTheBodyIsRefused) {
  for (const char* name : {"Transfer_Encoding", "transfer_ENCODING", "Content_Length"}) {
    const auto text = with(std::string(name) + ": 3");
    const auto head = scan_request_head(text, {});
    ASSERT_FALSE(head) << name;
    EXPECT_EQ(head.error().status, 400);
    EXPECT_EQ(head.error().field, name);
  }
  EXPECT_TRUE(scan_request_head(with("Content_Lengths: 3"), {}));
  EXPECT_TRUE(scan_request_head(with("Content_Langth: 3"), {}));
}

TEST(DecidingFields, FieldsThatAreLeftOutCountTowardsTheLimit) {
  std::string text = "GET / HTTP/1.1\r\nHost: a.test\r\n";
  for (int i = 0; i < 99; ++i) text += i % 2 == 0 ? "X_A: b\r\n" : "X-A: \xFF\r\n";
  EXPECT_TRUE(scan_request_head(text + "\r\n", {}));
  EXPECT_EQ(scan_request_head(text + "X_A: b\r\n\r\n", {}).error().status, 431);
}

TEST(DecidingFields, ControlBytesAreRefusedBesideHighOnes) {
  using namespace std::string_literals;
  for (const std::string& value : {"S\xC3\xA3o\x01"s, "\xFF\0"s, "\xFF\x7F"s, "\xFF\rx"s, "\xFF\nx"s}) {
    const auto text = with("X_City: " + value);
    const auto head = scan_request_head(text, {});
    ASSERT_FALSE(head);
    EXPECT_EQ(head.error().field, "X_City");
  }
}

}  // namespace
}  // namespace postern::http
