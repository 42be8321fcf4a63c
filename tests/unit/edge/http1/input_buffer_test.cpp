#include "edge/http1/input_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace postern::edge {
namespace {

constexpr std::size_t kHeadLimit = 256;

// As much as there is room for; what did not fit.
std::string_view receive(InputBuffer& buffer, std::string_view text) {
  const auto space = buffer.space();
  const std::size_t size = std::min(space.size(), text.size());
  std::copy_n(text.begin(), size, space.begin());
  buffer.received(size);
  return text.substr(size);
}

TEST(InputBuffer, HasRoomForAHeadAndSomeBodyBehindIt) {
  InputBuffer buffer(kHeadLimit);
  EXPECT_EQ(buffer.data(), "");
  EXPECT_GT(buffer.space().size(), kHeadLimit);
}

TEST(InputBuffer, GivesOutWhatWasReceivedInOrderHoweverItIsConsumed) {
  InputBuffer buffer(kHeadLimit);
  std::string sent;
  std::string got;
  for (std::size_t i = 0; i < 10'000; ++i) {
    const std::string part(i % 97, static_cast<char>('a' + i % 26));
    sent += part;
    ASSERT_EQ(receive(buffer, part), "");
    const std::size_t taken = std::min<std::size_t>(buffer.data().size(), i % 131);
    got += buffer.data().substr(0, taken);
    buffer.consume(taken);
  }
  got += buffer.data();
  EXPECT_TRUE(got == sent);
}

TEST(InputBuffer, ThePinnedHeadStaysWhereItIsWhileTheBodyPassesBehindIt) {
  InputBuffer buffer(kHeadLimit);
  receive(buffer, "HEAD|body");
  const std::string_view head = buffer.pin(5);
  EXPECT_EQ(head, "HEAD|");
  EXPECT_EQ(buffer.data(), "body");
  for (int i = 0; i < 1000; ++i) {
    buffer.consume(buffer.data().size());
    ASSERT_EQ(receive(buffer, std::string(100, static_cast<char>('a' + i % 26))), "");
  }
  EXPECT_EQ(head, "HEAD|");
  EXPECT_EQ(buffer.data(), std::string(100, static_cast<char>('a' + 999 % 26)));
}

TEST(InputBuffer, ALaterHeadIsPinnedThoughItBeganBehindAnotherRequest) {
  InputBuffer buffer(kHeadLimit);
  receive(buffer, "FIRST|one|SECOND|two");
  EXPECT_EQ(buffer.pin(6), "FIRST|");
  buffer.consume(4);
  buffer.unpin();
  EXPECT_EQ(buffer.data(), "SECOND|two");
  EXPECT_EQ(buffer.pin(7), "SECOND|");
  EXPECT_EQ(buffer.data(), "two");
}

TEST(InputBuffer, UnpinningGivesTheWholeRoomBack) {
  InputBuffer buffer(kHeadLimit);
  const std::size_t whole = buffer.space().size();
  receive(buffer, std::string(kHeadLimit, 'h'));
  buffer.pin(kHeadLimit);
  EXPECT_EQ(buffer.space().size(), whole - kHeadLimit);
  buffer.unpin();
  EXPECT_EQ(buffer.data(), "");
  EXPECT_EQ(buffer.space().size(), whole);
}

TEST(InputBuffer, TakesNoMoreThanItHasRoomFor) {
  InputBuffer buffer(kHeadLimit);
  const std::string flood(1'000'000, 'x');
  const auto rest = receive(buffer, flood);
  EXPECT_FALSE(rest.empty());
  EXPECT_TRUE(buffer.space().empty());
  EXPECT_EQ(receive(buffer, rest).size(), rest.size());
  buffer.consume(10);
  EXPECT_EQ(buffer.space().size(), 10u);
}

}  // namespace
}  // namespace postern::edge
