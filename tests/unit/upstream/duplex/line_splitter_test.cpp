#include "upstream/duplex/line_splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace postern::upstream {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> lines_of(std::string_view text, std::size_t step, LineSplitter& splitter) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size(); at += step) {
    if (!splitter.feed(text.substr(at, step))) return {"too long"};
    for (auto line = splitter.next(); line; line = splitter.next()) out.emplace_back(*line);
  }
  return out;
}

TEST(LineSplitter, YieldsTheSameLinesHoweverTheBytesAreCut) {
  for (std::size_t step = 1; step < 20; ++step) {
    LineSplitter splitter(100);
    EXPECT_THAT(lines_of("one\n\ntwo\r\nthree\nrest", step, splitter), ElementsAre("one", "", "two", "three")) << step;
    EXPECT_EQ(splitter.rest(), "rest");
  }
}

TEST(LineSplitter, TakesALineOfTheLimitAndRefusesALongerOne) {
  for (const std::size_t step : {1U, 7U, 1000U}) {
    LineSplitter fits(10);
    EXPECT_THAT(lines_of("0123456789\nab\n", step, fits), ElementsAre("0123456789", "ab")) << step;
    LineSplitter whole(10);
    EXPECT_THAT(lines_of("01234567890\n", step, whole), ElementsAre("too long")) << step;
    LineSplitter open(10);
    EXPECT_THAT(lines_of("ab\n01234567890", step, open).back(), "too long") << step;
  }
}

// Looked at anew with every piece, it would take hours.
TEST(LineSplitter, ALongLineInSmallPiecesIsLookedAtOnce) {
  const std::string line(2 * 1024 * 1024, 'x');
  LineSplitter splitter(line.size());
  EXPECT_THAT(lines_of(line + "\nnext\n", 16, splitter), ElementsAre(line, "next"));
}

}  // namespace
}  // namespace postern::upstream
