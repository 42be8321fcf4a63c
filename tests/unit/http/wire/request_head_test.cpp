#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/wire/head.hpp"

namespace postern::http {
namespace {

RequestHead scanned(std::string_view text) { return scan_request_head(text, {}).value(); }

TEST(RequestHeadScan, YieldsTheStartLineAndTheFieldsAsViews) {
  const std::string text =
      "POST /mcp/acme?x=1&y=%2F HTTP/1.1\r\nHost: ai.example.test:8443\r\nAccept:application/json \t\r\n"
      "Content-Type: \tapplication/json\r\nX-Empty:\r\nContent-Length: 17\r\n\r\n";
  const auto head = scanned(text);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/mcp/acme?x=1&y=%2F");
  EXPECT_EQ(head.path, "/mcp/acme");
  EXPECT_EQ(head.query, "x=1&y=%2F");
  EXPECT_EQ(head.authority, "ai.example.test:8443");
  EXPECT_EQ(head.minor, 1);
  EXPECT_EQ(head.framing, Framing::content_length);
  EXPECT_EQ(head.content_length, 17U);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expect_continue);
  ASSERT_EQ(head.fields.all().size(), 5U);
  EXPECT_EQ(head.fields.all()[1].name, "Accept");
  EXPECT_EQ(head.fields.all()[1].value, "application/json");
  EXPECT_EQ(head.fields.all()[2].value, "application/json");
  EXPECT_EQ(head.fields.all()[3].value, "");
  for (const auto& field : head.fields.all()) {
    EXPECT_GE(field.name.data(), text.data());
    EXPECT_LE(field.value.data() + field.value.size(), text.data() + text.size());
  }
}

TEST(RequestHeadScan, KeepsItsFieldsWhenCopied) {
  const auto head = scanned("GET / HTTP/1.1\r\nHost: a.test\r\nX-A: b\r\n\r\n");
  RequestHead copy = scanned("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n");
  copy = head;
  const RequestHead& same = copy;
  copy = same;
  ASSERT_EQ(copy.fields.all().size(), 2U);
  EXPECT_EQ(copy.fields.only("x-a"), "b");
}

TEST(RequestHeadScan, TakesChunkedWhateverItsCase) {
  EXPECT_EQ(scanned("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: Chunked\r\n\r\n").framing, Framing::chunked);
}

TEST(RequestHeadScan, FramesByFieldsWhateverTheMethod) {
  EXPECT_EQ(scanned("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n").content_length, 5U);
  EXPECT_EQ(scanned("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").framing, Framing::chunked);
  EXPECT_EQ(scanned("POST / HTTP/1.1\r\nHost: a\r\n\r\n").framing, Framing::none);
  const auto empty = scanned("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(empty.framing, Framing::content_length);
  EXPECT_EQ(empty.content_length, 0U);
}

TEST(RequestHeadScan, TakesTheLargestLength) {
  EXPECT_EQ(scanned("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n").content_length,
            9223372036854775807U);
}

TEST(RequestHeadScan, TakesAnAbsoluteFormThatAgreesWithHost) {
  const auto head = scanned("GET HTTP://A.test:8080/mcp?x HTTP/1.1\r\nHost: a.TEST:8080\r\n\r\n");
  EXPECT_EQ(head.path, "/mcp");
  EXPECT_EQ(head.query, "x");
  EXPECT_EQ(scanned("GET https://[::1]:1/ HTTP/1.1\r\nHost: [::1]:1\r\n\r\n").path, "/");
}

TEST(RequestHeadScan, TakesEveryRegularTarget) {
  for (const std::string target :
       {"/", "/mcp", "/mcp/", "/.well-known/oauth-protected-resource/mcp", "/a/...", "/a/..b", "/a/.b.",
        "/tools/links.list", "/a%20b", "/caf%C3%A9", "/%e2%82%ac/%F0%9F%98%80", "/a:b@c!$&'()*+,=~", "/?",
        "/?a=/../%2f%5c//;x", "/?a[0]={b|c}", "/?redirect_uri=https%3A%2F%2Fa.test%2F&x=%0A"}) {
    const std::string text = "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n";
    EXPECT_TRUE(scan_request_head(text, {}).has_value()) << target;
  }
}

TEST(RequestHeadScan, TakesEveryRegularHost) {
  for (const std::string host : {"a", "a.test", "A-b.c_d.test:1", "127.0.0.1", "127.0.0.1:65535", "[::1]",
                                 "[2001:db8::1]:8443", "[::ffff:1.2.3.4]", "1a.test", "xn--caf-dma.test", "3com"}) {
    EXPECT_EQ(scanned("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").authority, host);
  }
}

TEST(RequestHeadScan, KeepsConnectionsOpenAsTheVersionSays) {
  const auto keeps = [](const std::string& version, const std::string& line) {
    return scanned("GET / HTTP/" + version + "\r\nHost: a\r\n" + line + "\r\n").keep_alive;
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_TRUE(keeps("1.1", "Connection: keep-alive\r\n"));
  EXPECT_TRUE(keeps("1.1", "Connection: upgrade, , \r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: Close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: keep-alive\r\nConnection: x, close\r\n"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(keeps("1.0", "Connection: keep-alive, close\r\n"));
}

TEST(RequestHeadScan, ExpectsContinueOnlyForABodyInHttp11) {
  const auto expects = [](const std::string& version, const std::string& lines) {
    return scanned("POST / HTTP/" + version + "\r\nHost: a\r\nExpect: 100-Continue\r\n" + lines + "\r\n")
        .expect_continue;
  };
  EXPECT_TRUE(expects("1.1", "Content-Length: 3\r\n"));
  EXPECT_TRUE(expects("1.1", "Transfer-Encoding: chunked\r\n"));
  EXPECT_FALSE(expects("1.1", "Content-Length: 0\r\n"));
  EXPECT_FALSE(expects("1.1", ""));
  EXPECT_FALSE(expects("1.0", "Content-Length: 3\r\n"));
}

TEST(RequestHeadScan, RefusesWhatIsNotExactlyOneHead) {
  EXPECT_FALSE(scan_request_head("", {}));
  EXPECT_FALSE(scan_request_head("GET / HTTP/1.1\r\n", {}));
  EXPECT_FALSE(scan_request_head("GET / HTTP/1.1\r\nHost: a", {}));
  EXPECT_FALSE(scan_request_head("GET / HTTP/1.1\r\nHost: a\r\n", {}));
  EXPECT_FALSE(scan_request_head("GET / HTTP/1.1\r\nHost: a\r\n\r", {}));
  EXPECT_FALSE(scan_request_head("GET / HTTP/1.1\r\nHost: a\r\n\r\nx", {}));
}

TEST(RequestHeadScan, EveryByteOtherThanTextAndTabIsRefusedInAValue) {
  for (int byte = 0; byte < 256; ++byte) {
    // At every place of an eight-byte word, since values are read by words.
    for (int before = 0; before < 8; ++before) {
      const std::string value =
          "x" + std::string(static_cast<std::size_t>(before), 'a') + static_cast<char>(byte) + "bbbbbbbbb";
      const std::string text = "GET / HTTP/1.1\r\nHost: a\r\nX-A: " + value + "\r\n\r\n";
      const bool legal = byte == '\t' || (byte >= 0x20 && byte != 0x7F);
      const auto head = scan_request_head(text, {});
      ASSERT_EQ(head.has_value(), legal) << byte;
      if (legal) ASSERT_EQ(head->fields.count("X-A"), byte < 0x80 ? 1U : 0U) << byte;
      HeadFinder finder{HeadLimits{}};
      ASSERT_EQ(finder.feed(text).has_value(), legal) << byte;
    }
  }
}

TEST(RequestHeadScan, EveryByteThatIsNoTokenIsRefusedInAName) {
  const std::string_view legal = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (int byte = 0; byte < 256; ++byte) {
    if (byte == ':') continue;
    const std::string text =
        "GET / HTTP/1.1\r\nHost: a\r\nX" + std::string(1, static_cast<char>(byte)) + "Y: b\r\n\r\n";
    const bool expected = legal.find(static_cast<char>(byte)) != std::string_view::npos;
    EXPECT_EQ(scan_request_head(text, {}).has_value(), expected) << byte;
  }
}

TEST(FieldBlock, FindsByNameWithoutCase) {
  FieldBlock block;
  ASSERT_TRUE(block.push({"X-A", "1"}));
  ASSERT_TRUE(block.push({"x-b", "2"}));
  ASSERT_TRUE(block.push({"X-B", "3"}));
  EXPECT_EQ(block.find("x-a")->value, "1");
  EXPECT_EQ(block.find("X-b")->value, "2");
  EXPECT_EQ(block.find("X-C"), nullptr);
  EXPECT_EQ(block.count("X-B"), 2U);
  EXPECT_EQ(block.only("x-A"), "1");
  EXPECT_EQ(block.only("X-B"), std::nullopt);
  EXPECT_EQ(block.only("X-C"), std::nullopt);
}

TEST(FieldBlock, TakesNoMoreThanItsCapacity) {
  FieldBlock block;
  for (std::size_t i = 0; i < FieldBlock::kCapacity; ++i) ASSERT_TRUE(block.push({"A", "b"}));
  EXPECT_FALSE(block.push({"A", "b"}));
  EXPECT_EQ(block.all().size(), FieldBlock::kCapacity);
}

}  // namespace
}  // namespace postern::http
