#include "mcp/sse.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace postern::mcp {
namespace {

using Events = std::vector<std::string>;

void drain(SseSplitter& splitter, Events& out) {
  for (auto event = splitter.next(); !event.empty(); event = splitter.next()) out.emplace_back(event);
}

// The events of the stream read in pieces of that size; the rest comes last, in brackets.
Events split(std::string_view stream, std::size_t piece) {
  SseSplitter splitter(1000);
  Events events;
  for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size()))) {
    EXPECT_TRUE(splitter.feed(stream.substr(0, piece)));
    drain(splitter, events);
  }
  events.push_back("[" + std::string(splitter.rest()) + "]");
  return events;
}

// That whatever the pieces, these are the events.
void expect_events(std::string_view stream, const Events& expected) {
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) EXPECT_EQ(split(stream, piece), expected) << piece;
}

TEST(SseSplitter, SplitsAtBlankLinesWhateverTheReads) {
  expect_events("data: a\n\nid: 1\ndata: b\n\n", {"data: a\n\n", "id: 1\ndata: b\n\n", "[]"});
}

TEST(SseSplitter, KnowsEveryLineEnd) {
  expect_events("data: a\r\n\r\ndata: b\r\n\r\n", {"data: a\r\n\r\n", "data: b\r\n\r\n", "[]"});
  expect_events("data: a\r\rdata: b\r\r", {"data: a\r\r", "data: b\r\r", "[]"});
  expect_events("data: a\n\r\ndata: b\r\n\ndata: c\r\r\ndata: d\n\n",
                {"data: a\n\r\n", "data: b\r\n\n", "data: c\r\r", "\ndata: d\n\n", "[]"});
}

TEST(SseSplitter, ACrAtTheEndOfAReadWaitsForItsLf) {
  SseSplitter splitter(1000);
  ASSERT_TRUE(splitter.feed("data: a\r\n\r"));
  EXPECT_EQ(splitter.next(), "");
  ASSERT_TRUE(splitter.feed("\ndata"));
  EXPECT_EQ(splitter.next(), "data: a\r\n\r\n");
  EXPECT_EQ(splitter.next(), "");
  EXPECT_EQ(splitter.rest(), "data");
}

TEST(SseSplitter, EventsOfACrStreamLeaveAtOnce) {
  SseSplitter splitter(1000);
  ASSERT_TRUE(splitter.feed("data: a\r\r"));
  EXPECT_EQ(splitter.next(), "data: a\r\r");
}

TEST(SseSplitter, KeepsCommentsBlankLinesAndTheByteOrderMark) {
  expect_events("\xEF\xBB\xBF: hi\n\n\n\ndata:x\n\n", {"\xEF\xBB\xBF: hi\n\n", "\n", "\n", "data:x\n\n", "[]"});
}

TEST(SseSplitter, RestIsTheUnfinishedEvent) {
  expect_events("data: a\n\ndata: b\n", {"data: a\n\n", "[data: b\n]"});
  expect_events("data: a\n\r", {"[data: a\n\r]"});
}

TEST(SseSplitter, LimitsEventsNotReads) {
  SseSplitter splitter(10);
  EXPECT_TRUE(splitter.feed("data: aa\n\ndata: bb\n\ndata: cc\n\n"));
  Events events;
  drain(splitter, events);
  EXPECT_EQ(events.size(), 3U);
  EXPECT_TRUE(splitter.feed("data: dddd"));
  const auto grown = splitter.feed("d");
  ASSERT_FALSE(grown);
  EXPECT_EQ(grown.error().code, Errc::too_large);
}

TEST(SseSplitter, AWholeEventOverTheLimitIsRefusedToo) {
  SseSplitter splitter(10);
  EXPECT_FALSE(splitter.feed("data: aaaaaaaa\n\n"));
}

TEST(SseSplitter, Compat1AnEventOverTheLimitCostsNoOtherOne) {
  const std::string stream = "data: a\n\ndata: 0123456789\r\ndata: x\r\n\r\ndata: b\n\n";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    SseSplitter splitter(10);
    Events events;
    bool fits = true;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      fits = splitter.feed(std::string_view(stream).substr(at, piece)).has_value() && fits;
      for (auto event = splitter.next(); !event.empty(); event = splitter.next()) {
        events.push_back(std::string(event) + (splitter.is_cut() ? "[cut]" : ""));
      }
    }
    EXPECT_FALSE(fits);
    EXPECT_EQ(events, (Events{"data: a\n\n", "data: 0123[cut]", "data: b\n\n"})) << piece;
    EXPECT_EQ(splitter.rest(), "");
  }
}

TEST(SseSplitter, AnEventOverTheLimitIsKnownBeforeItEnds) {
  SseSplitter splitter(10);
  EXPECT_FALSE(splitter.feed("data: 01234"));
  EXPECT_EQ(splitter.next(), "data: 0123");
  EXPECT_TRUE(splitter.is_cut());
  EXPECT_TRUE(splitter.feed(std::string(100, 'x')));
  EXPECT_EQ(splitter.next(), "");
  EXPECT_EQ(splitter.rest(), "");
  EXPECT_TRUE(splitter.feed("\n\ndata: b\n\n"));
  EXPECT_EQ(splitter.next(), "data: b\n\n");
  EXPECT_FALSE(splitter.is_cut());
}

TEST(SseSplitter, AnUnfinishedEventMayBeGivenUp) {
  SseSplitter splitter(100);
  splitter.give_up_rest();
  EXPECT_EQ(splitter.next(), "");
  ASSERT_TRUE(splitter.feed("data: a\n\ndata: b"));
  splitter.give_up_rest();
  EXPECT_EQ(splitter.next(), "data: a\n\n");
  EXPECT_FALSE(splitter.is_cut());
  EXPECT_EQ(splitter.next(), "data: b");
  EXPECT_TRUE(splitter.is_cut());
  ASSERT_TRUE(splitter.feed("b\n\r\ndata: c\r\r"));
  EXPECT_EQ(splitter.next(), "data: c\r\r");
}

TEST(SseSplitter, OfAnEventThatIsGivenUpOnlyTheBeginningTakesMemory) {
  SseSplitter splitter(1 << 20);
  ASSERT_TRUE(splitter.feed("data: a\n\ndata: " + std::string(300'000, 'b')));
  splitter.give_up_rest();
  EXPECT_LT(splitter.memory(), 100'000U);
  EXPECT_EQ(splitter.next(), "data: a\n\n");
  const auto beginning = splitter.next();
  EXPECT_TRUE(splitter.is_cut());
  EXPECT_TRUE(beginning.starts_with("data: bbb"));
  EXPECT_LT(beginning.size(), 100'000U);
  ASSERT_TRUE(splitter.feed("b\n\ndata: c\n\n"));
  EXPECT_EQ(splitter.next(), "data: c\n\n");
}

TEST(SseSplitter, LineEndsAreFoundWhereverTheyAre) {
  for (std::size_t length = 0; length < 300; ++length) {
    for (const std::string end : {"\n", "\r\n", "\r"}) {
      const std::string event = "data: " + std::string(length, 'x') + end + "id: 7" + end + end;
      SseSplitter splitter(1000);
      ASSERT_TRUE(splitter.feed(event + "data: y\n\n"));
      ASSERT_EQ(splitter.next(), event) << length;
      ASSERT_EQ(splitter.next(), "data: y\n\n");
      ASSERT_EQ(sse_data(event), std::string(length, 'x'));
      ASSERT_TRUE(sse_has_id(event));
    }
  }
}

TEST(SseSplitter, EventsMayBeFetchedAfterFurtherReads) {
  SseSplitter splitter(100);
  ASSERT_TRUE(splitter.feed("data: a\n\ndata: b\n\ndata"));
  EXPECT_EQ(splitter.next(), "data: a\n\n");
  ASSERT_TRUE(splitter.feed(": c\n\nda"));
  EXPECT_EQ(splitter.next(), "data: b\n\n");
  EXPECT_EQ(splitter.next(), "data: c\n\n");
  EXPECT_EQ(splitter.rest(), "da");
}

TEST(SseData, JoinsDataLines) {
  EXPECT_EQ(sse_data("data: a\ndata:b\r\ndata:  c\rdata\n\n"), "a\nb\n c\n");
  EXPECT_EQ(sse_data(": note\nevent: message\nid: data: x\n\n"), "");
  EXPECT_EQ(sse_data("Data: a\n data: b\ndatax: c\ndata : d\n\n"), "");
  EXPECT_EQ(sse_data("\ndata: a\n\n"), "a");
  EXPECT_EQ(sse_data("data: a"), "a");
}

TEST(SseData, ReadsBehindAByteOrderMark) {
  EXPECT_EQ(sse_data("\xEF\xBB\xBF"
                     "data: a\n\n"),
            "a");
}

TEST(SseWithData, ReplacesDataAndKeepsTheOthers) {
  EXPECT_EQ(sse_with_data("event: message\nid: 7\ndata: a\ndata: b\nretry: 5\n\n", "{}"),
            "event: message\nid: 7\nretry: 5\ndata: {}\n\n");
  EXPECT_EQ(sse_with_data(": note\r\nid: 7\r\ndata: a\r\n\r\n", "x"), ": note\nid: 7\ndata: x\n\n");
  EXPECT_EQ(sse_with_data("id: 7\rdata: a\r\r", "x"), "id: 7\ndata: x\n\n");
  EXPECT_EQ(sse_with_data("id: 7", "x"), "id: 7\ndata: x\n\n");
}

TEST(SseWithoutData, KeepsWhereToResumeAndWhen) {
  EXPECT_EQ(sse_without_data("event: ping\nid: 7\ndata: a\nx: b\nretry: 5\n\n"), "event: ping\nid: 7\nretry: 5\n\n");
  EXPECT_EQ(sse_without_data("data: a\ndata\nX-Data: b\n\n"), "");
  EXPECT_EQ(sse_without_data("id: 7"), "id: 7\n\n");
  EXPECT_EQ(sse_without_data("event: ping\rdata: a\r\r"), "event: ping\n\n")
      << "a CR before the LF would leave the event open";
}

TEST(SseHasId, AnEmptyOneIsNoneToResumeFrom) {
  EXPECT_TRUE(sse_has_id("id: 7\ndata: a\n\n"));
  EXPECT_FALSE(sse_has_id("id:\ndata: id: 7\n\n"));
  EXPECT_FALSE(sse_has_id("id: 7\nid\n\n"));
}

TEST(SseWithData, SplitsOverLines) {
  EXPECT_EQ(sse_with_data("data: a\n\n", "1\n2\r\n3\r4"), "data: 1\ndata: 2\ndata: 3\ndata: 4\n\n");
  for (const auto* data : {"", "x", " x", "a\nb", "a\n\nb", "a\n", "\n", "\na"}) {
    EXPECT_EQ(sse_data(sse_with_data("data: old\n\n", data)), data);
  }
}

TEST(Sse, KeepAliveIsAnEventWithoutData) {
  SseSplitter splitter(100);
  ASSERT_TRUE(splitter.feed(kSseKeepAlive));
  EXPECT_EQ(splitter.next(), kSseKeepAlive);
  EXPECT_EQ(sse_data(kSseKeepAlive), "");
}

TEST(SseEvent, FurtherByteOrderMarksHideNoData) {
  const std::string event =
      "\xEF\xBB\xBF\xEF\xBB\xBF"
      "data: x\n\n";
  EXPECT_EQ(sse_data(event), "x");
  EXPECT_EQ(sse_data(sse_with_data(event, "y")), "y");
}

TEST(SseEvent, ALineThatMeansNothingIsNotMovedToTheFrontWhereItWouldMeanData) {
  const std::string event =
      "data: a\r"
      "\xEF\xBB\xBF"
      "data: b\r\n\r\n";
  EXPECT_EQ(sse_data(event), "a");
  EXPECT_EQ(sse_data(sse_with_data(event, "y")), "y");
}

TEST(SseEvent, HoldsNothingButCommentsAndTheFourFields) {
  EXPECT_TRUE(sse_is_plain(": hello\nid: 1\nevent: message\nretry: 5\ndata: {}\n\n"));
  EXPECT_TRUE(
      sse_is_plain("\xEF\xBB\xBF"
                   "data: {}\r\n\r\n"));
  EXPECT_FALSE(
      sse_is_plain("\xEF\xBB\xBF\xEF\xBB\xBF"
                   "data: {}\n\n"));
  EXPECT_FALSE(sse_is_plain("Data: {}\n\n"));
  EXPECT_FALSE(sse_is_plain("data: {}\ndata\n\n")) << "each could be taken for a message";
  EXPECT_FALSE(sse_is_plain(" data: {}\n\n"));
}

// WHATWG HTML section 9.2.6: the last `event` line counts, and without one the event is a message.
TEST(SseName, IsThatOfTheLastEventLine) {
  EXPECT_EQ(sse_name("event: endpoint\ndata: /m\n\n"), "endpoint");
  EXPECT_EQ(sse_name("data: x\r\nevent:first\r\nevent: last\r\n\r\n"), "last");
  EXPECT_EQ(sse_name("data: event: x\n\n"), "message");
  EXPECT_EQ(sse_name("event\ndata: x\n\n"), "message");
  EXPECT_EQ(sse_name("\xEF\xBB\xBF"
                     "event: endpoint\n\n"),
            "endpoint");
}

}  // namespace
}  // namespace postern::mcp
