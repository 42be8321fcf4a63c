#include "base/text_room.hpp"

#include <gtest/gtest.h>

namespace postern {
namespace {

std::string text_of(std::size_t size) {
  std::string text(size, 'x');
  text.shrink_to_fit();
  EXPECT_EQ(text.capacity(), size);
  return text;
}

TEST(NextCapacity, GrowsByHalfUpToTheMostAndToWhatIsNeeded) {
  const auto text = text_of(1000);
  EXPECT_EQ(next_capacity(text, 0, 9000), 1000U);
  EXPECT_EQ(next_capacity(text, 1, 9000), 1500U);
  EXPECT_EQ(next_capacity(text, 1, 1200), 1200U);
  EXPECT_EQ(next_capacity(text, 1, 800), 1001U);
  EXPECT_EQ(next_capacity(text, 7000, 9000), 8000U);
}

TEST(ReserveExactly, MakesNoMoreRoomThanItIsAskedFor) {
  auto text = text_of(1000);
  reserve_exactly(text, 1500);
  EXPECT_EQ(text.capacity(), 1500U);
  EXPECT_EQ(text, std::string(1000, 'x'));
  reserve_exactly(text, 100);
  EXPECT_EQ(text.capacity(), 1500U);
}

}  // namespace
}  // namespace postern
