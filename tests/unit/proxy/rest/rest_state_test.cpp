#include "proxy/rest/rest_state.hpp"

#include <gtest/gtest.h>

namespace postern::proxy {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const RestSessions::Time kNow{};

RestSession session(std::string id) {
  RestSession made;
  made.id = std::move(id);
  return made;
}

TEST(RestSessions, OfTwoThatAreOpenedAtOnceTheFirstCounts) {
  RestSessions sessions;
  EXPECT_EQ(sessions.keep("alice", session("one"), kNow).id, "one");
  EXPECT_EQ(sessions.keep("alice", session("two"), kNow).id, "one");
  EXPECT_EQ(sessions.find("alice", kNow, minutes(1))->id, "one");
  EXPECT_FALSE(sessions.find("bob", kNow, minutes(1)));
}

TEST(RestSessions, OneThatWasNotUsedForLongIsForgotten) {
  RestSessions sessions;
  sessions.keep("alice", session("one"), kNow);
  EXPECT_TRUE(sessions.find("alice", kNow + minutes(1), minutes(1)));
  EXPECT_TRUE(sessions.find("alice", kNow + minutes(2), minutes(1))) << "it was used meanwhile";
  EXPECT_FALSE(sessions.find("alice", kNow + minutes(3) + seconds(1), minutes(1)));
  EXPECT_EQ(sessions.size(), 0U);
}

TEST(RestSessions, OnlyTheSessionThatWasLostIsForgotten) {
  RestSessions sessions;
  sessions.keep("alice", session("new"), kNow);
  sessions.forget("alice", session("old"));
  EXPECT_EQ(sessions.size(), 1U);
  sessions.forget("alice", session("new"));
  EXPECT_EQ(sessions.size(), 0U);
}

TEST(RestSessions, TheOneUnusedForLongestMakesRoom) {
  RestSessions sessions(2);
  sessions.keep("a", session("1"), kNow);
  sessions.keep("b", session("2"), kNow);
  sessions.find("a", kNow, minutes(1));
  sessions.keep("c", session("3"), kNow);
  EXPECT_EQ(sessions.size(), 2U);
  EXPECT_TRUE(sessions.find("a", kNow, minutes(1)));
  EXPECT_FALSE(sessions.find("b", kNow, minutes(1)));
}

RestToolsPtr tools(std::string upstream, std::size_t bytes = 1, RestToolCache::Time fetched = kNow) {
  auto made = std::make_shared<RestTools>();
  made->upstream = std::move(upstream);
  made->bytes = bytes;
  made->fetched = fetched;
  return made;
}

TEST(RestToolCache, AListIsKeptForAShortTime) {
  RestToolCache cache;
  cache.insert("k", tools("u"));
  EXPECT_TRUE(cache.find("k", kNow + RestToolCache::kFresh - seconds(1)));
  EXPECT_FALSE(cache.find("k", kNow + RestToolCache::kFresh));
  EXPECT_EQ(cache.size(), 0U);
}

TEST(RestToolCache, IsBoundedInNumberAndSize) {
  RestToolCache cache(2, 100);
  cache.insert("a", tools("u", 10));
  cache.insert("b", tools("u", 10));
  cache.insert("c", tools("u", 10));
  EXPECT_FALSE(cache.find("a", kNow));
  cache.insert("d", tools("u", 95));
  EXPECT_EQ(cache.size(), 1U);
  cache.insert("e", tools("u", 101));
  EXPECT_TRUE(cache.find("d", kNow)) << "what is too large for it leaves the others alone";
  EXPECT_FALSE(cache.find("e", kNow));
}

TEST(RestToolCache, ANewListTakesThePlaceOfTheOld) {
  RestToolCache cache(8, 10);
  for (int i = 0; i < 5; ++i) cache.insert("a", tools("u", 8));
  EXPECT_EQ(cache.size(), 1U);
}

TEST(RestToolCache, AServerThatHasChangedItsToolsIsAskedAnew) {
  RestToolCache cache;
  cache.insert("a", tools("one"));
  cache.insert("b", tools("two"));
  cache.insert("c", tools("one"));
  cache.forget_upstream("one");
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_TRUE(cache.find("b", kNow));
}

TEST(RestToolCache, AListIsAskedForAnewOnceInAWhile) {
  RestToolCache cache;
  EXPECT_FALSE(cache.may_ask_anew("k", kNow)) << "none is kept: the next call asks for it";
  cache.insert("k", tools("u"));
  const auto later = kNow + RestToolCache::kSettled;
  EXPECT_FALSE(cache.may_ask_anew("k", later - seconds(1))) << "it was listed just now";
  EXPECT_TRUE(cache.may_ask_anew("k", later));
  EXPECT_FALSE(cache.may_ask_anew("k", later + seconds(1))) << "whatever came of the last time";
  EXPECT_TRUE(cache.may_ask_anew("k", later + RestToolCache::kSettled));
  EXPECT_TRUE(cache.find("k", later)) << "the kept one is good meanwhile";
}

TEST(RestTools, AreFoundByTheirWholeName) {
  RestTools list;
  list.tools.resize(3);
  list.tools[0].name = "a";
  list.tools[1].name = "aa";
  list.tools[2].name = "b";
  for (const auto& tool : list.tools) EXPECT_EQ(list.find(tool.name), &tool);
  EXPECT_EQ(list.find("A"), nullptr);
  EXPECT_EQ(list.find("c"), nullptr);
}

TEST(RestHealth, OneAsksForAllWhileTheAnswerIsFresh) {
  using State = RestHealth::State;
  RestHealth health;
  const RestHealth::Time now = kNow + seconds(100);
  EXPECT_EQ(health.look("u", now), State::ask);
  health.set("u", true, now);
  EXPECT_EQ(health.look("u", now + seconds(1)), State::up);
  const auto later = now + RestHealth::kFresh + seconds(1);
  EXPECT_EQ(health.look("u", later), State::ask);
  EXPECT_EQ(health.look("u", later), State::up) << "what was known, while another one asks";
  health.set("u", false, later);
  EXPECT_EQ(health.look("u", later), State::down);
  EXPECT_EQ(health.look("other", later), State::ask);
}

}  // namespace
}  // namespace postern::proxy
