#include "proxy/long_work.hpp"

#include <future>
#include <thread>

#include "unit/net/support.hpp"

namespace postern::proxy {
namespace {

using namespace net_testing;

// Keeps the one thread of a pool until it goes.
class Blocker {
 public:
  explicit Blocker(net::OffloadPool& pool) {
    auto begun = std::make_shared<std::promise<void>>();
    EXPECT_TRUE(pool.submit([begun, go = go_.get_future().share()] {
      begun->set_value();
      go.wait();
    }));
    begun->get_future().wait();
  }
  ~Blocker() { go_.set_value(); }
  Blocker(const Blocker&) = delete;
  Blocker& operator=(const Blocker&) = delete;

 private:
  std::promise<void> go_;
};

class LongWork : public testing::Test {
 protected:
  awaitable<Result<void>> work_on(std::function<void()> work, net::FairQueue::Path from = {"acme", "alice"}) {
    auto done = co_await do_long_work(pool_, slot_, std::move(work), std::move(from));
    co_return done;
  }

  asio::io_context io_{1};
  net::OffloadPool pool_{"test", 1, net::QueueBounds{2, 2}};
  upstream::CancelSlot slot_;
};

TEST_F(LongWork, Attack12IsDoneOnAnotherThread) {
  const auto test = [this]() -> awaitable<void> {
    const auto there = std::make_shared<std::thread::id>();
    std::function<void()> work = [there] { *there = std::this_thread::get_id(); };
    auto done = co_await work_on(std::move(work));
    must(std::move(done));
    EXPECT_NE(*there, std::this_thread::get_id());
    EXPECT_NE(*there, std::thread::id());
  };
  run(io_, test());
}

// As when the client leaves or the grant is revoked.
TEST_F(LongWork, Attack12WhatWaitsWhenItsRequestEndsIsDroppedWithItsMemory) {
  const auto test = [this]() -> awaitable<void> {
    const Blocker blocker(pool_);
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> memory = held;
    std::function<void()> work = [held = std::exchange(held, nullptr)] { ADD_FAILURE() << "nobody waits for it"; };
    asio::post(io_, [this] { slot_.cancel(); });
    auto done = co_await work_on(std::move(work));
    EXPECT_EQ(error_of(done), Errc::cancelled);
    EXPECT_TRUE(memory.expired()) << "although the pool has not come to it yet";
  };
  run(io_, test());
}

TEST_F(LongWork, Attack12WhatIsDoneWhenItsRequestEndsIsNotWaitedFor) {
  const auto begun = std::make_shared<std::promise<void>>();
  const auto go = std::make_shared<std::promise<void>>();
  const auto test = [&, this]() -> awaitable<void> {
    auto held = std::make_shared<int>(0);
    std::function<void()> work = [begun, go, held] {
      begun->set_value();
      go->get_future().wait();
      *held = 1;
    };
    asio::post(io_, [&, this] {
      begun->get_future().wait();
      slot_.cancel();
    });
    auto done = co_await work_on(std::move(work));
    EXPECT_EQ(error_of(done), Errc::cancelled);
    EXPECT_EQ(*held, 0);
  };
  run(io_, test());
  go->set_value();
}

TEST_F(LongWork, Attack12ARequestThatHasEndedBeginsNone) {
  const auto test = [this]() -> awaitable<void> {
    slot_.cancel();
    std::function<void()> work = [] { ADD_FAILURE() << "nobody waits for it"; };
    auto done = co_await work_on(std::move(work));
    EXPECT_EQ(error_of(done), Errc::cancelled);
  };
  run(io_, test());
}

TEST_F(LongWork, Attack12AFullPoolIsBusyAndAnotherUserGetsAPlace) {
  const auto test = [this]() -> awaitable<void> {
    {
      const Blocker blocker(pool_);
      for (int i = 0; i < 2; ++i) EXPECT_TRUE(pool_.submit([] {}, {"acme", "alice"}));
      std::function<void()> work = [] { ADD_FAILURE() << "it has no place"; };
      auto done = co_await work_on(std::move(work));
      EXPECT_EQ(error_of(done), Errc::busy);
      EXPECT_TRUE(pool_.submit([] {}, {"acme", "bob"})) << "alice has more";
      EXPECT_EQ(pool_.queued(), 2u);
    }
  };
  run(io_, test());
}

TEST_F(LongWork, ABugIsToldFromATextThatIsAtFault) {
  const auto test = [this]() -> awaitable<void> {
    std::function<void()> work = [] { throw std::runtime_error("a bug"); };
    auto done = co_await work_on(std::move(work));
    EXPECT_EQ(error_of(done), Errc::internal);
  };
  run(io_, test());
}

TEST_F(LongWork, Attack12UsersOfATenantTakeTurns) {
  token::Principal alice;
  alice.tenant = "acme";
  alice.user = "local:alice";
  EXPECT_EQ(turn_of(alice), (net::FairQueue::Path{"acme", "local:alice"}));
  EXPECT_TRUE(is_long(kLongText));
  EXPECT_FALSE(is_long(kLongText - 1));
}

}  // namespace
}  // namespace postern::proxy
