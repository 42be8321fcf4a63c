#include "net/pools/fair_queue.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>

namespace postern::net {
namespace {

// Work that writes its name down when it is run.
class FairQueueTest : public testing::Test {
 protected:
  bool push(FairQueue& queue, const FairQueue::Path& path, const std::string& name) {
    auto pushed = queue.push(path, [this, name] { order_ += name; });
    if (pushed.displaced) {
      order_.clear();
      pushed.displaced();
      displaced_ += std::exchange(order_, {});
    }
    return pushed.accepted;
  }
  std::string run_all(FairQueue& queue) {
    order_.clear();
    while (!queue.empty()) queue.pop()();
    return order_;
  }

  std::string order_;
  std::string displaced_;
};

TEST_F(FairQueueTest, WorkWithoutAPathIsDoneInItsOrderUpToTheBound) {
  FairQueue queue({3, 3});
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(push(queue, {}, name));
  EXPECT_FALSE(push(queue, {}, "d"));
  EXPECT_EQ(queue.size(), 3U);
  EXPECT_EQ(run_all(queue), "abc");
  EXPECT_TRUE(push(queue, {}, "d"));
}

TEST_F(FairQueueTest, GroupsTakeTurnsHoweverMuchEachAsks) {
  FairQueue queue({100, 100});
  for (int i = 0; i < 5; ++i) push(queue, {"x"}, "x");
  push(queue, {"y"}, "y");
  push(queue, {"z"}, "z");
  push(queue, {"y"}, "Y");
  EXPECT_EQ(run_all(queue), "xyzxYxxx");
}

TEST_F(FairQueueTest, ManyMembersOfAGroupHaveOneTurn) {
  FairQueue queue({100, 100});
  for (const char* name : {"1", "2", "3", "4"}) push(queue, {"wide", name}, name);
  push(queue, {"other", "5"}, "5");
  push(queue, {"other", "5"}, "5");
  EXPECT_EQ(run_all(queue), "152534");
}

TEST_F(FairQueueTest, MembersOfAGroupTakeTurnsWithinIt) {
  FairQueue queue({100, 100});
  for (int i = 0; i < 4; ++i) push(queue, {"wide", "a"}, "a");
  push(queue, {"wide", "b"}, "b");
  EXPECT_EQ(run_all(queue), "abaaa");
}

TEST_F(FairQueueTest, AGroupHasNoMoreThanItsShare) {
  FairQueue queue({100, 2});
  EXPECT_TRUE(push(queue, {"x", "1"}, "a"));
  EXPECT_TRUE(push(queue, {"x", "1"}, "b"));
  EXPECT_FALSE(push(queue, {"x", "1"}, "c"));
  EXPECT_TRUE(push(queue, {"y", "1"}, "d"));
  EXPECT_EQ(displaced_, "");
  EXPECT_EQ(queue.size(), 3U);
}

TEST_F(FairQueueTest, WithinAFullGroupTheNewestOfWhoeverHasMostGivesWay) {
  FairQueue queue({100, 3});
  for (const char* name : {"a", "b", "c"}) push(queue, {"x", "greedy"}, name);
  EXPECT_TRUE(push(queue, {"x", "modest"}, "m"));
  EXPECT_EQ(displaced_, "c");
  EXPECT_FALSE(push(queue, {"x", "modest"}, "n")) << "both would have as much";
  EXPECT_EQ(queue.size(), 3U);
  EXPECT_EQ(run_all(queue), "amb");
}

TEST_F(FairQueueTest, WhenAllIsFullTheGroupThatHasMostGivesWay) {
  FairQueue queue({4, 4});
  for (const char* name : {"a", "b", "c"}) push(queue, {"x", name}, name);
  push(queue, {"y", "d"}, "d");
  EXPECT_TRUE(push(queue, {"z", "e"}, "e"));
  EXPECT_EQ(displaced_.size(), 1U);
  EXPECT_FALSE(push(queue, {"x", "f"}, "f"));
  EXPECT_FALSE(push(queue, {"z", "g"}, "g")) << "it would have as much as the group that has most";
  EXPECT_EQ(queue.size(), 4U);
}

TEST_F(FairQueueTest, TakingAllLeavesItEmpty) {
  FairQueue queue({10, 10});
  push(queue, {"x"}, "x");
  auto all = queue.take_all();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(all.size(), 1U);
  EXPECT_TRUE(push(queue, {"y"}, "y"));
  EXPECT_EQ(run_all(queue), "y");
}

// Everything that is accepted is run or displaced, once, and the bounds hold all the time.
TEST_F(FairQueueTest, NothingIsLostOrDoneTwice) {
  std::mt19937 random(7);
  FairQueue queue({20, 6});
  int accepted = 0;
  int done = 0;
  int displaced = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 3 == 0 && !queue.empty()) {
      queue.pop()();
      continue;
    }
    const auto group = std::to_string(random() % 6);
    const auto pushed = queue.push({group, std::to_string(random() % 3)}, [&done] { ++done; });
    if (pushed.accepted) ++accepted;
    if (pushed.displaced) ++displaced;
    ASSERT_LE(queue.size(), 20U);
  }
  while (!queue.empty()) queue.pop()();
  EXPECT_EQ(done + displaced, accepted);
  EXPECT_GT(displaced, 0);
}

TEST_F(FairQueueTest, Attack13OfOneGroupOnlySoManyRunAtATime) {
  FairQueue queue({100, 100, 2});
  for (int i = 0; i < 3; ++i) push(queue, {"x", std::to_string(i)}, "x");
  EXPECT_EQ(queue.take().group, "x");
  EXPECT_EQ(queue.take().group, "x");
  EXPECT_FALSE(queue.ready()) << "one waits, whatever network it is of";
  push(queue, {"y"}, "y");
  ASSERT_TRUE(queue.ready());
  EXPECT_EQ(queue.take().group, "y");
  push(queue, {}, "-");
  ASSERT_TRUE(queue.ready()) << "work without a path is not bounded";
  EXPECT_EQ(queue.take().group, "");
  EXPECT_FALSE(queue.ready());
  queue.done("y");
  EXPECT_FALSE(queue.ready());
  queue.done("x");
  ASSERT_TRUE(queue.ready());
  EXPECT_EQ(queue.take().group, "x");
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace postern::net
