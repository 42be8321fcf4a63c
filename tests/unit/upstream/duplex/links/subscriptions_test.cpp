#include "upstream/duplex/links/subscriptions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::upstream {
namespace {

using ::testing::ElementsAre;

TEST(Subscriptions, TheServerIsToldWhenTheLastOneLeaves) {
  Subscriptions all;
  EXPECT_TRUE(all.add("s1", "alice", "x://a"));
  EXPECT_TRUE(all.add("s1", "alice", "x://a")) << "twice is once";
  EXPECT_TRUE(all.add("s2", "bob", "x://a"));
  EXPECT_THAT(*all.sessions_of("x://a"), ElementsAre("s1", "s2"));
  EXPECT_FALSE(all.remove("s1", "x://a"));
  EXPECT_FALSE(all.remove("s1", "x://a")) << "another one's is not ended";
  EXPECT_TRUE(all.remove("s2", "x://a"));
  EXPECT_EQ(all.sessions_of("x://a"), nullptr);
  EXPECT_TRUE(all.remove("s2", "x://never"));
}

TEST(Subscriptions, ASessionThatEndsLeavesNothing) {
  Subscriptions all;
  for (const auto* uri : {"x://a", "x://b"}) ASSERT_TRUE(all.add("s1", "alice", uri));
  ASSERT_TRUE(all.add("s2", "bob", "x://b"));
  EXPECT_THAT(all.remove_all("s1"), ElementsAre("x://a"));
  EXPECT_THAT(*all.sessions_of("x://b"), ElementsAre("s2"));
  EXPECT_THAT(all.remove_all("s1"), ElementsAre());
}

TEST(Subscriptions, AreBoundedInLength) {
  Subscriptions all;
  EXPECT_TRUE(all.add("s", "alice", std::string(Subscriptions::kLongestUri, 'x')));
  const auto refused = all.add("s", "alice", std::string(Subscriptions::kLongestUri + 1, 'x'));
  EXPECT_EQ(refused.error().code, Errc::too_large);
}

TEST(Subscriptions, AreBoundedForASessionAndForAUser) {
  Subscriptions all;
  const auto fill = [&all](const std::string& session) {
    std::size_t added = 0;
    while (added < 10'000 && all.add(session, "alice", "x://" + std::to_string(added))) ++added;
    return added;
  };
  std::size_t sum = 0;
  for (int i = 0; sum < Subscriptions::kMostOfUser; ++i) {
    EXPECT_EQ(fill("s" + std::to_string(i)), Subscriptions::kMostOfSession);
    sum += Subscriptions::kMostOfSession;
  }
  EXPECT_EQ(fill("one more"), 0U);
  EXPECT_TRUE(all.add("another's", "bob", "x://0"));
  all.remove_all("s0");
  EXPECT_EQ(fill("one more"), Subscriptions::kMostOfSession) << "what ended makes room";
}

}  // namespace
}  // namespace postern::upstream
