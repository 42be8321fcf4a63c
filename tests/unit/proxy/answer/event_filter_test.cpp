#include "proxy/answer/event_filter.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "mcp/list_filter.hpp"

namespace postern::proxy {
namespace {

using nlohmann::json;

const std::string kProgress = R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}})";
const std::string kList = R"({"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"a"},{"name":"hidden"}]}})";
const std::string kShown = R"({"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"a"}]}})";

// A stream that answers the list request 7, or one that a client listens on.
class Stream {
 public:
  explicit Stream(json asked = 7, std::size_t limit = 1000, std::size_t budget = 1 << 20)
      : bytes_(budget), filter_(tools(asked.is_null()), asked, limits::BodyShare(budget_, bytes_), limit) {}

  std::string take(std::string_view bytes) { return std::string(filter_.take(bytes)); }
  std::string finish() { return std::string(filter_.finish()); }
  bool has_failed() const { return filter_.has_failed(); }
  void feed(std::string_view bytes) { filter_.feed(bytes); }
  void skip(std::string_view why) { filter_.skip(why); }
  std::string out() const { return std::string(filter_.out()); }
  // What others hold of the budget meanwhile.
  limits::BodyShare hold(std::size_t bytes) {
    limits::BodyShare share(budget_, bytes_);
    EXPECT_TRUE(share.grow_to(bytes));
    return share;
  }
  bool has_room(std::size_t bytes) {
    limits::BodyShare share(budget_, bytes_);
    return share.grow_to(bytes);
  }

  std::vector<std::string> warnings;

 private:
  EventFilter::Tools tools(bool listening) {
    const auto visible = [](mcp::ListKind, std::string_view name) { return name != "hidden"; };
    EventFilter::Tools tools;
    tools.filter = [=](const mcp::Envelope& data) -> Result<std::optional<std::string>, mcp::JsonFault> {
      auto out = listening ? mcp::filter_any_list(data, visible)
                           : mcp::filter_list(data, mcp::ListKind::tools,
                                              [&](std::string_view name) { return visible({}, name); });
      if (!out) return out.error();
      return out->changed;
    };
    tools.error = [](const json& id, std::string_view) { return R"({"error":1,"id":)" + id.dump() + "}"; };
    tools.warn = [this](std::string_view why, std::size_t count) {
      warnings.push_back(std::to_string(count) + " " + std::string(why));
    };
    return tools;
  }

  std::size_t bytes_;
  limits::BodyBudget budget_;
  EventFilter filter_;
};

std::string event_of(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }
std::string error_for(const std::string& id) { return "event: message\ndata: {\"error\":1,\"id\":" + id + "}\n\n"; }

// The whole stream in pieces of every size.
void expect_stream(const std::string& stream, const std::string& expected, const json& asked = 7) {
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    Stream filter(asked);
    std::string out;
    for (std::size_t at = 0; at < stream.size(); at += piece) out += filter.take(stream.substr(at, piece));
    ASSERT_EQ(out + filter.finish(), expected) << piece;
  }
}

TEST(EventFilter, FiltersListsAndPassesTheOthers) {
  expect_stream(": hi\n\nid: 1\ndata:\n\n" + event_of(kProgress) + "id: 2\ndata: " + kList + "\n\n",
                ": hi\n\nid: 1\ndata:\n\n" + event_of(kProgress) + "id: 2\ndata: " + kShown + "\n\n");
}

TEST(EventFilter, Compat1EventsOfOtherNamesEndNothing) {
  expect_stream("event: ping\ndata: ping\n\n" + event_of(kList), "event: ping\n\n" + event_of(kShown));
  expect_stream("event: ping\nid: 3\ndata: {\"at\":1}\n\n" + event_of(kList),
                "event: ping\nid: 3\ndata: {\"at\":1}\n\n" + event_of(kShown));
  Stream quiet;
  quiet.take("event: ping\ndata: ping\n\n");
  EXPECT_TRUE(quiet.warnings.empty()) << "clients look at none of them";
  EXPECT_EQ(quiet.finish(), "");
}

TEST(EventFilter, ANameHidesNoList) {
  Stream stream;
  EXPECT_EQ(stream.take("event: other\ndata: " + kList + "\n\n"), "event: other\ndata: " + kShown + "\n\n");
  EXPECT_EQ(stream.take("event: other\ndata: {\"result\":{\"tools\":[{\"name\":\"hidden\"}]},\n\n"),
            "event: other\n\n");
}

TEST(EventFilter, Compat1UnknownFieldsAreDropped) {
  expect_stream("x-trace: hidden\ndata: " + kProgress + "\n\n" + event_of(kList),
                event_of(kProgress) + event_of(kShown));
  expect_stream("Data: " + kList + "\n\n", "");
  expect_stream("id: 1\nData: " + kList + "\n\n", "id: 1\n\n");
}

TEST(EventFilter, Compat1AnEventThatIsLeftOutEndsBeforeTheNextOneWhateverItsLineEnds) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const auto stream = "event: ping" + end + "data: alive" + end + end + "event: ping" + end + "foo" + end + end +
                        "id: 5" + end + "data: ping" + end + end + "data: " + kList + end + end;
    expect_stream(stream, "event: ping\n\nevent: ping\n\nid: 5\n\n" + event_of(kShown));
  }
}

TEST(EventFilter, DataIsOnOneLineSinceEachCouldBeTakenForAMessage) {
  const std::string before = R"({"id":7,"result":{"tools":[],"_meta":{"x":)";
  const std::string hidden = R"({"id":7,"result":{"tools":[{"name":"hidden"}]}})";
  expect_stream("id: 5\ndata: " + before + "\ndata: " + hidden + "\ndata: }}}\n\n",
                "id: 5\n" + event_of(before + " " + hidden + " }}}"));
}

TEST(EventFilter, Compat1OneBrokenNotificationCostsOnlyItself) {
  for (const auto* broken : {R"({"method":"notifications/message","params":{"data":NaN}})", "ping", "{", "[]",
                             R"({"method":"x","Method":"y"})"}) {
    for (const json& asked : {json(7), json()}) {
      Stream stream(asked);
      EXPECT_EQ(stream.take(event_of(broken) + event_of(kList)), event_of(kShown)) << broken;
      EXPECT_EQ(stream.warnings.size(), 1U) << broken;
      EXPECT_EQ(stream.finish(), "") << broken;
    }
  }
}

TEST(EventFilter, AnAnswerToSomebodyElseIsNotTheOneThatIsLost) {
  Stream stream;
  EXPECT_EQ(stream.take(event_of(R"({"id":6,"result":{"tools":7}})") + event_of(kList)), event_of(kShown));
  EXPECT_EQ(stream.finish(), "");
}

TEST(EventFilter, ABrokenNotificationKeepsTheIdToResumeFrom) {
  Stream stream(nullptr);
  EXPECT_EQ(stream.take("id: 4\nevent: message\nretry: 5\ndata: {\n\n"), "id: 4\nevent: message\nretry: 5\n\n");
}

TEST(EventFilter, Compat1AnAnswerThatCannotBeReadIsAnErrorAtOnce) {
  for (const auto* broken : {R"({"id":7,"result":{"tools":[NaN]}})", R"({"result":{"tools":[NaN]},"id":7})",
                             R"({"id":7,"result":{"Tools":[]}})", R"({"id":7,"result":{"tools":[],"tools":[]}})",
                             R"({"id":7,"id":8,"result":{"tools":[]}})", R"({"id":7,"result":{}})",
                             R"({"id":7,"result":{"tools":[{"name":"hidden"}]},"Result":{}})", R"({"id":7,"error":)"}) {
    Stream stream;
    EXPECT_EQ(stream.take("id: 2\ndata: " + std::string(broken) + "\n\n"), "id: 2\n\n" + error_for("7")) << broken;
    EXPECT_TRUE(stream.has_failed());
    EXPECT_EQ(stream.finish(), "") << "once is enough";
    EXPECT_EQ(stream.warnings.size(), 1U);
  }
}

TEST(EventFilter, AStreamThatEndsWithoutAnAnswerWithWhichOneMayBeLost) {
  Stream stream;
  EXPECT_EQ(stream.take(event_of(kProgress) + event_of("{\"jsonrpc\":")), event_of(kProgress));
  EXPECT_EQ(stream.finish(), error_for("7"));

  Stream garbage;
  EXPECT_EQ(garbage.take(event_of("Internal Server Error")), "");
  EXPECT_EQ(garbage.finish(), error_for("7"));

  Stream nothing;
  EXPECT_EQ(nothing.take(event_of(kProgress)), event_of(kProgress));
  EXPECT_EQ(nothing.finish(), "") << "nothing was left out";
}

// A server may end the stream and have its client come back for the answer.
TEST(EventFilter, AStreamThatWillBeResumedHasLostNothing) {
  Stream stream;
  EXPECT_EQ(stream.take("id: 1\ndata:\n\n" + event_of("ping")), "id: 1\ndata:\n\n");
  EXPECT_EQ(stream.finish(), "");
}

TEST(EventFilter, OnAStreamThatIsListenedOnTheIdTellsWhoseAnswerIsLost) {
  Stream stream(nullptr);
  EXPECT_EQ(stream.take(event_of(R"({"id":"x","result":{"tools":7}})")), error_for("\"x\""));
  EXPECT_EQ(stream.take(event_of(R"({"id":3,"result":{"tools":[NaN]}})")), error_for("3"));
  EXPECT_EQ(stream.take(event_of(R"({"result":{"tools":[NaN]},"id":3})")), error_for("3"));
  EXPECT_EQ(stream.take(event_of(R"({"id":3,"method":"ping","params":NaN})")), "");
  EXPECT_EQ(stream.take(event_of(kList)), event_of(kShown));
  EXPECT_EQ(stream.finish(), "");
}

TEST(EventFilter, Compat1AnEventThatIsTooLargeCostsOnlyItself) {
  const std::string filling(2000, 'x');
  Stream stream;
  EXPECT_EQ(stream.take(event_of(R"({"method":"notifications/message","params":")" + filling + "\"}")), "");
  EXPECT_EQ(stream.take(event_of(kList)), event_of(kShown));
  EXPECT_EQ(stream.finish(), "");

  Stream answer;
  EXPECT_EQ(answer.take("data: {\"id\":7,\"result\":{\"tools\":[{\"name\":\"" + filling), error_for("7"))
      << "before its end";
  EXPECT_EQ(answer.take("hidden\"}]}}\n\n" + event_of(kProgress)), event_of(kProgress));
}

TEST(EventFilter, AnEventThatThereIsNoMemoryForCostsOnlyItself) {
  const std::string filling(limits::BodyShare::kFree, 'x');
  Stream stream(7, 1 << 20, limits::BodyShare::kFree);
  EXPECT_EQ(stream.take("data: {\"id\":7,\"result\":{\"tools\":[\"" + filling), error_for("7"));
  EXPECT_EQ(stream.take("\"]}}\n\n" + event_of(kProgress)), event_of(kProgress));
}

TEST(EventFilter, WarningsBecomeRare) {
  Stream stream;
  for (int i = 0; i < 20; ++i) stream.take(event_of("ping"));
  ASSERT_EQ(stream.warnings.size(), 5U);
  EXPECT_TRUE(stream.warnings.back().starts_with("16 ")) << stream.warnings.back();
  for (const auto& warning : stream.warnings) EXPECT_EQ(warning.find("ping"), std::string::npos);
}

TEST(EventFilter, LeavesOutWhatBecomesEmptyAndKeepsItsPlaceInTheStream) {
  limits::BodyBudget budget;
  EventFilter::Tools tools;
  tools.filter = [](const mcp::Envelope& data) -> Result<std::optional<std::string>, mcp::JsonFault> {
    return data.text == "gone" ? std::optional<std::string>("") : std::nullopt;
  };
  tools.error = [](const json&, std::string_view) { return std::string("{}"); };
  tools.warn = [](std::string_view, std::size_t) { ADD_FAILURE() << "nobody misses it"; };
  EventFilter filter(std::move(tools), json(), limits::BodyShare(budget, 1 << 20));
  EXPECT_EQ(filter.take("id: 4\ndata: gone\n\ndata: gone\n\ndata: here\n\n"), "id: 4\n\ndata: here\n\n");
  EXPECT_EQ(filter.finish(), "");
  EXPECT_FALSE(filter.has_failed());
}

// A list with an entry that is hidden, longer than what needs no place in the budget.
std::string long_list(const std::string& id) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"tools":[{"name":"a","description":")" +
         std::string(100 * 1024, 'x') + R"("},{"name":"hidden"}]}})";
}

TEST(EventFilter, Attack12AnEventThatCannotBeWorkedOnCostsOnlyItsRequest) {
  Stream stream(7, 1 << 20, 300 * 1024);
  auto taken = stream.hold(100 * 1024);
  EXPECT_EQ(stream.take(event_of(long_list("7"))), error_for("7")) << "read, but there is no place for copies of it";
  EXPECT_TRUE(stream.has_failed());
  ASSERT_EQ(stream.warnings.size(), 1u);
  EXPECT_EQ(stream.take(event_of(kProgress)), event_of(kProgress)) << "the stream goes on";
}

TEST(EventFilter, Attack12TheMemoryOfAnEventIsFreeWhenTheNextOneComes) {
  Stream stream(json(), 1 << 20, 600 * 1024);
  for (int i = 0; i < 20; ++i) {
    const auto out = stream.take(event_of(long_list("7")));
    EXPECT_NE(out.find("xxx"), std::string::npos) << i;
    EXPECT_EQ(out.find("hidden"), std::string::npos);
    EXPECT_FALSE(stream.has_room(500 * 1024)) << "what is to be written is held";
    stream.take(event_of(kProgress));
    EXPECT_TRUE(stream.has_room(600 * 1024));
  }
}

TEST(EventFilter, Attack12AnEventIsCountedWithTheRoomThatIsKeptForMoreOfIt) {
  constexpr std::size_t kAll = 1 << 20;
  Stream stream(json(), kAll, kAll);
  const std::string piece(10'000, 'x');
  stream.take("data: ");
  for (int i = 0; i < 30; ++i) stream.take(piece);
  EXPECT_FALSE(stream.has_room(kAll - 30 * piece.size() - 6));
  EXPECT_TRUE(stream.has_room(kAll - 45 * piece.size() - 9));
}

TEST(EventFilter, Attack12RoomForMoreCostsNoEventItsPlaceThatJustFits) {
  Stream stream(7, 1 << 20, 62'400);
  stream.take(R"(data: {"id":7,"result":")");
  for (int i = 0; i < 62; ++i) ASSERT_EQ(stream.take(std::string(1000, 'x')), "") << i;
  EXPECT_EQ(stream.take(std::string(1000, 'x')), error_for("7"));
}

TEST(EventFilter, Attack12AnEventThatFindsNoPlaceIsLeftOutUnread) {
  Stream stream;
  stream.feed(event_of(kProgress) + event_of(kList));
  stream.skip("busy");
  EXPECT_EQ(stream.out(), "") << "it is no answer";
  stream.skip("busy");
  EXPECT_EQ(stream.out(), error_for("7"));
  EXPECT_EQ(stream.warnings, (std::vector<std::string>{"1 busy", "2 busy"}));
}

}  // namespace
}  // namespace postern::proxy
