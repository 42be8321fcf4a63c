#include "upstream/duplex/channels/line_splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace postern::upstream {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> lines_of(std::string_view text, std::size_t step, LineSplitter& splitter) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size(); at += step) {
    splitter.feed(text.substr(at, step));
    for (auto line = splitter.next(); line; line = splitter.next()) {
      out.push_back(std::string(*line) + (splitter.is_cut() ? " (cut)" : ""));
    }
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

TEST(LineSplitter, OfALineOverTheLimitThereIsOnlyTheBeginning) {
  for (const std::size_t step : {1U, 2U, 7U, 13U, 1000U}) {
    LineSplitter splitter(10);
    EXPECT_THAT(
        lines_of("0123456789\nab\n0123456789x\ncd\n" + std::string(100, 'y') + "\r\n\nef\n" + std::string(30, 'z'),
                 step, splitter),
        ElementsAre("0123456789", "ab", "0123456789 (cut)", "cd", "yyyyyyyyyy (cut)", "", "ef", "zzzzzzzzzz (cut)"))
        << step;
    EXPECT_EQ(splitter.rest(), "");
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
