#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "http/wire/chunked.hpp"

namespace postern::http {
namespace {

using namespace std::string_literals;

struct Decoded {
  std::string body;
  std::size_t consumed = 0;
  bool done = false;
  int fault = 0;  // the status
};

// Feeds the input in pieces of at most `step` bytes.
Decoded decode(std::string_view input, std::size_t step) {
  ChunkedDecoder decoder;
  Decoded out;
  while (out.consumed < input.size() && !decoder.done()) {
    const auto result = decoder.decode(input.substr(out.consumed, step));
    if (!result) {
      out.fault = result.error().status;
      return out;
    }
    if (result->consumed == 0) break;
    out.body += result->body;
    out.consumed += result->consumed;
  }
  out.done = decoder.done();
  return out;
}

Decoded decode(std::string_view input) { return decode(input, input.size() + 1); }

TEST(ChunkedDecoder, YieldsTheBodyAndLeavesWhatFollows) {
  const std::string message = "5\r\nhello\r\n1;a=b\r\n,\r\n00A; x=\"y;\\\"z\"\r\n 123456789\r\n0\r\n\r\n";
  for (std::size_t step = 1; step <= message.size() + 4; ++step) {
    const auto out = decode(message + "next", step);
    EXPECT_TRUE(out.done) << step;
    EXPECT_EQ(out.body, "hello, 123456789") << step;
    EXPECT_EQ(out.consumed, message.size()) << step;
  }
}

TEST(ChunkedDecoder, ReadsAndDropsTrailers) {
  const std::string message =
      "1\r\nx\r\n0\r\nX-Tenant: evil\r\nAuthorization:\tBearer x\r\nHost:\r\nContent-Length: 3\r\n"
      "Connection: close\r\n\r\n";
  const auto out = decode(message);
  EXPECT_TRUE(out.done);
  EXPECT_EQ(out.body, "x");
  EXPECT_EQ(out.consumed, message.size());
  EXPECT_TRUE(decode(message, 1).done);
}

TEST(ChunkedDecoder, Compat5BytesAbove0x7FInATrailerAreDroppedWithIt) {
  const auto out = decode("1\r\nx\r\n0\r\nX-City: S\xC3\xA3o Paulo\r\nX_A: \xFF\r\n\r\n");
  EXPECT_TRUE(out.done);
  EXPECT_EQ(out.body, "x");
}

TEST(ChunkedDecoder, WaitsForEveryByteOfTheEnd) {
  const std::string_view message = "1\r\nx\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < message.size(); ++size) {
    const auto out = decode(message.substr(0, size));
    EXPECT_FALSE(out.done);
    EXPECT_EQ(out.fault, 0);
    EXPECT_EQ(out.consumed, size);
  }
}

TEST(ChunkedDecoder, TakesTheLargestSize) {
  const auto out = decode("7fffffffffffffff\r\nabc");
  EXPECT_EQ(out.fault, 0);
  EXPECT_EQ(out.body, "abc");
}

TEST(ChunkedDecoder, TakesManyTinyChunks) {
  std::string message;
  for (int i = 0; i < 100'000; ++i) message += "1\r\nx\r\n";
  const auto out = decode(message + "0\r\n\r\n");
  EXPECT_TRUE(out.done);
  EXPECT_EQ(out.body.size(), 100'000U);
}

class HostileChunk : public testing::TestWithParam<std::string> {};

TEST_P(HostileChunk, IsRefused) {
  const auto whole = decode(GetParam());
  EXPECT_EQ(whole.fault, 400);
  const auto slow = decode(GetParam(), 1);
  EXPECT_EQ(slow.fault, 400);
  EXPECT_EQ(slow.body.substr(0, whole.body.size()), whole.body);
}

INSTANTIATE_TEST_SUITE_P(Sizes, HostileChunk,
                         testing::Values("0x1\r\nx\r\n", " 1\r\nx\r\n", "1 \r\nx\r\n", "1\t\r\nx\r\n", "-1\r\nx\r\n",
                                         "+1\r\nx\r\n", "00000000000000001\r\nx\r\n", std::string(200, '0') + "\r\n",
                                         "1\nx\r\n", "\r\nx\r\n", ";a\r\nx\r\n", "g\r\nx\r\n", "1\r\r\nx\r\n", "1\rx",
                                         "1,1\r\nx", "8000000000000000\r\nx", "ffffffffffffffff\r\nx", "1\r\nxx\r\n",
                                         "1\r\nx\n0\r\n\r\n", "1\r\nx\r0\r\n\r\n", "1\r\nx0\r\n\r\n", "0\r\n\n",
                                         "0\r\n\rx", "\n1\r\nx", "1\x00\r\nx"s));

INSTANTIATE_TEST_SUITE_P(Extensions, HostileChunk,
                         testing::Values("1;a\nx\r\n", "1;a=\"\r\nx\r\n0\r\n\r\n", "1;a=\"b\\\r\nx\r\n0\r\n\r\n",
                                         "1;a\r\r\n", "1;\"\r\n\"\r\nx\r\n", "1;a=\"b\nc\"\r\nx\r\n",
                                         "1;a=\"b\\\r\n\"\r\nx\r\n", "1;a=\"b\rc\"\r\nx", "1;\x01\r\nx", "1;a\x7F\r\nx",
                                         "1;a\xC3\xA9\r\nx", "1;a\tb\r\nx", "1;a\0b\r\nx"s,
                                         "1;" + std::string(257, 'a') + "\r\nx\r\n", "1;" + std::string(1 << 20, 'a')));

INSTANTIATE_TEST_SUITE_P(Trailers, HostileChunk,
                         testing::Values("0\r\nX-A\r\n\r\n", "0\r\n: b\r\n\r\n", "0\r\nX A: b\r\n\r\n",
                                         "0\r\nX-A: b\n\r\n", "0\r\nX-A: b\rc\r\n\r\n", "0\r\nX-A: b\r\n c\r\n\r\n",
                                         "0\r\n X-A: b\r\n\r\n", "0\r\nX-A: b\0\r\n\r\n"s, "0\r\nX-A: b\x7F\r\n\r\n",
                                         "0\r\nX-A : b\r\n\r\n", "0\r\nX-A: " + std::string(70'000, 'b'),
                                         "0\r\n" + std::string(70'000, 'b'), "0\r\n0\r\n\r\n"));

TEST(ChunkedDecoder, ManyTrailersAreRefusedAtTheThirtyThird) {
  const auto message = [](int trailers) {
    std::string text = "0\r\n";
    for (int i = 0; i < trailers; ++i) text += "A:b\r\n";
    return text + "\r\n";
  };
  EXPECT_TRUE(decode(message(32)).done);
  const auto out = decode(message(70'000), 1);
  EXPECT_EQ(out.fault, 400);
  EXPECT_LT(out.consumed, 200U);
}

TEST(ChunkedDecoder, ManyExtensionsAreRefusedBeforeTheyAddUp) {
  std::string message;
  for (int i = 0; i < 100'000; ++i) message += "1;" + std::string(100, 'a') + "\r\nx\r\n";
  const auto out = decode(message);
  EXPECT_EQ(out.fault, 400);
  EXPECT_LT(out.body.size(), 200U);
}

TEST(ChunkedDecoder, LongSizesOfTinyChunksAreRefusedBeforeTheyAddUp) {
  std::string message;
  for (int i = 0; i < 100'000; ++i) message += "0000000000000001\r\nx\r\n";
  const auto out = decode(message);
  EXPECT_EQ(out.fault, 400);
  EXPECT_LT(out.body.size(), 20'000U);
}

TEST(ChunkedDecoder, ExtensionsOfLargeChunksArePaidForByTheirBody) {
  std::string message;
  for (int i = 0; i < 60; ++i) message += "400;" + std::string(250, 'a') + "\r\n" + std::string(1024, 'x') + "\r\n";
  EXPECT_TRUE(decode(message + "0\r\n\r\n").done);
}

TEST(ChunkedDecoder, StaysRefusedAfterAFault) {
  ChunkedDecoder decoder;
  ASSERT_FALSE(decoder.decode("x"));
  EXPECT_FALSE(decoder.decode("1\r\nx\r\n0\r\n\r\n"));
  EXPECT_FALSE(decoder.done());
}

TEST(ChunkSize, IsWhatTheDecoderReads) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{26}, std::size_t{4096}, ~std::size_t{0}}) {
    char line[20];
    const std::size_t length = write_chunk_size(line, size);
    ASSERT_LE(length, sizeof line);
    const std::string_view text(line, length);
    EXPECT_TRUE(text.ends_with("\r\n"));
    EXPECT_EQ(std::stoull(std::string(text.substr(0, length - 2)), nullptr, 16), size);
  }
}

}  // namespace
}  // namespace postern::http
