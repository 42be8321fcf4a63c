#include "upstream/duplex/links/answer_pipe.hpp"

#include <gtest/gtest.h>

#include "unit/net/support.hpp"

namespace postern::upstream {
namespace {

using namespace net_testing;

constexpr std::size_t kSome = 100 * 1024;  // more than is free

TEST(AnswerBudget, IsForAllAndForOne) {
  AnswerBudget budget(10, 6);
  EXPECT_TRUE(budget.take("alice", 4));
  EXPECT_FALSE(budget.take("alice", 3)) << "one has only so much";
  EXPECT_TRUE(budget.take("alice", 2));
  EXPECT_FALSE(budget.take("bob", 5)) << "there is no more";
  EXPECT_TRUE(budget.take("bob", 4));
  budget.give("alice", 6);
  EXPECT_TRUE(budget.take("bob", 2));
  EXPECT_FALSE(budget.take("bob", 1));
}

class Pipes : public testing::Test {
 protected:
  std::shared_ptr<AnswerPipe> pipe(const std::string& user) {
    auto made = std::make_shared<AnswerPipe>(waker, budget, user);
    made->begin({.type = "text/event-stream"});
    return made;
  }

  asio::io_context io{1};
  std::shared_ptr<Waker> waker = std::make_shared<Waker>(io);
  std::shared_ptr<AnswerBudget> budget = std::make_shared<AnswerBudget>(3 * kSome, 2 * kSome);
};

TEST_F(Pipes, WhoDoesNotReadLosesHisOwnStreamsOnly) {
  const auto first = pipe("alice");
  const auto second = pipe("alice");
  const auto third = pipe("alice");
  for (const auto& each : {first, second, third}) each->push(std::string(kSome, 'x'));
  EXPECT_FALSE(first->abandoned());
  EXPECT_FALSE(second->abandoned());
  EXPECT_TRUE(third->abandoned());
  EXPECT_EQ(error_of(third->take()), Errc::busy);
  const auto others = pipe("bob");
  others->push(std::string(kSome, 'x'));
  EXPECT_EQ(must(others->take()).size(), kSome);
}

TEST_F(Pipes, LittleIsAlwaysTaken) {
  const auto full = std::make_shared<AnswerBudget>(0, 0);
  AnswerPipe small(waker, full, "alice");
  small.answer({}, std::string(AnswerBudget::kFree, 'x'));
  EXPECT_EQ(must(small.take()).size(), AnswerBudget::kFree);
}

TEST_F(Pipes, WhatTheReaderStillHasCountsUntilItWantsMore) {
  const auto test = [this]() -> awaitable<void> {
    const auto one = pipe("alice");
    one->push(std::string(kSome, 'x'));
    auto head = co_await one->wait_for_head(*waker, patience());
    EXPECT_TRUE(head);
    auto bytes = co_await one->next(*waker);
    EXPECT_EQ(must(std::move(bytes)).size(), kSome);
    EXPECT_FALSE(budget->take("alice", 2 * kSome)) << "it is being written";
    one->finish();
    auto end = co_await one->next(*waker);
    EXPECT_EQ(must(std::move(end)), "");
    EXPECT_TRUE(budget->take("alice", 2 * kSome));
    budget->give("alice", 2 * kSome);
  };
  run(io, test());
}

TEST_F(Pipes, GiveTheirPlaceBackHoweverTheyEnd) {
  for (const bool abandoned : {true, false}) {
    const auto one = pipe("alice");
    one->push(std::string(2 * kSome, 'x'));
    EXPECT_FALSE(budget->take("alice", 1));
    if (abandoned) one->abandon();
    if (abandoned) EXPECT_TRUE(budget->take("alice", 2 * kSome));
    if (abandoned) budget->give("alice", 2 * kSome);
  }
  EXPECT_TRUE(budget->take("alice", 2 * kSome));
}

}  // namespace
}  // namespace postern::upstream
