#include "net/pools/offload.hpp"

#include <atomic>
#include <future>
#include <thread>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "unit/net/support.hpp"

namespace postern::net {
namespace {

using namespace net_testing;

// Keeps one thread of a pool until released.
class Blocker {
 public:
  explicit Blocker(OffloadPool& pool) {
    EXPECT_TRUE(pool.submit([begun = begun_, go = released_.get_future().share()] {
      begun->set_value();
      go.wait();
    }));
    begun_->get_future().wait();
  }
  ~Blocker() { release(); }
  void release() {
    if (!done_) released_.set_value();
    done_ = true;
  }

 private:
  std::shared_ptr<std::promise<void>> begun_ = std::make_shared<std::promise<void>>();
  std::promise<void> released_;
  bool done_ = false;
};

TEST(Offload, ReturnsWhatTheWorkReturnedOnTheCallersThread) {
  asio::io_context io{1};
  OffloadPool pool("test", 2, 10);
  const auto test = [&]() -> awaitable<void> {
    const auto here = std::this_thread::get_id();
    const std::function<std::thread::id()> work = [] { return std::this_thread::get_id(); };
    auto there = co_await offload(pool, work);
    EXPECT_NE(must(std::move(there)), here);
    EXPECT_EQ(std::this_thread::get_id(), here);
  };
  run(io, test());
}

TEST(Offload, PassesOnValuesThatCanOnlyMove) {
  asio::io_context io{1};
  OffloadPool pool("test", 1, 10);
  const auto test = [&]() -> awaitable<void> {
    const std::function<std::unique_ptr<int>()> work = [] { return std::make_unique<int>(7); };
    auto done = co_await offload(pool, work);
    EXPECT_EQ(*must(std::move(done)), 7);
  };
  run(io, test());
}

TEST(Offload, AResultIsNotWrappedOnceMore) {
  asio::io_context io{1};
  OffloadPool pool("test", 1, 10);
  const auto test = [&]() -> awaitable<void> {
    const std::function<Result<int>()> work = []() -> Result<int> { return fail(Errc::conflict, "taken"); };
    const Result<int> done = co_await offload(pool, work);
    EXPECT_EQ(error_of(done), Errc::conflict);
    const std::function<void()> nothing = [] {};
    const Result<void> nothing_done = co_await offload(pool, nothing);
    EXPECT_TRUE(nothing_done);
  };
  run(io, test());
}

TEST(Offload, AnExceptionIsAnInternalError) {
  asio::io_context io{1};
  OffloadPool pool("test", 1, 10);
  const auto test = [&]() -> awaitable<void> {
    const std::function<int()> work = []() -> int { throw std::runtime_error("a bug"); };
    const auto done = co_await offload(pool, work);
    EXPECT_EQ(error_of(done), Errc::internal);
    EXPECT_EQ(done.error().what, "a bug");
  };
  run(io, test());
}

TEST(Offload, AFullPoolIsBusyAtOnce) {
  asio::io_context io{1};
  OffloadPool pool("sign-in", 1, 1);
  Blocker blocker(pool);
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_EQ(pool.queued(), 1u);
  EXPECT_FALSE(pool.submit([] {}));
  const auto test = [&]() -> awaitable<void> {
    const std::function<int()> work = [] { return 1; };
    const auto done = co_await offload(pool, work);
    EXPECT_EQ(error_of(done), Errc::busy);
    EXPECT_NE(done.error().what.find("sign-in"), std::string::npos);
  };
  run(io, test());
}

TEST(Offload, WhoeverHasMostGivesWayAndIsToldAtOnce) {
  asio::io_context io{1};
  OffloadPool pool("test", 1, QueueBounds{2, 2});
  Blocker blocker(pool);
  std::string done;
  const auto caller = [&](std::string group, std::string name) -> awaitable<void> {
    const std::function<std::string()> work = [name] { return name; };
    FairQueue::Path from{group};
    const auto came = co_await offload(pool, work, std::move(from));
    done += came ? *came : name + (came.error().code == Errc::cancelled ? " gave way," : " was refused,");
  };
  for (const char* name : {"a", "b", "c"}) beside(io, caller("greedy", name));
  beside(io, caller("modest", "m"));
  io.run_one();
  while (done.size() < std::string("c was refused,b gave way,").size()) io.run_one();
  EXPECT_EQ(done, "c was refused,b gave way,");
  blocker.release();
  io.run();
  EXPECT_EQ(done, "c was refused,b gave way,am");
}

TEST(Offload, Attack13SlowWorkOfOneGroupLeavesThreadsToOthers) {
  OffloadPool pool("fetch", 3, QueueBounds{100, 100, 2});
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::atomic<int> slow = 0;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(pool.submit([&slow, released] { ++slow, released.wait(); }, {"stranger", std::to_string(i)}));
  }
  while (slow < 2) std::this_thread::yield();
  std::promise<int> honest;
  ASSERT_TRUE(pool.submit([&] { honest.set_value(slow); }, {"other"}));
  EXPECT_EQ(honest.get_future().get(), 2) << "the third thread was kept free";
  release.set_value();
  while (slow < 6) std::this_thread::yield();
}

TEST(Offload, ManyCallersEachGetTheirOwnAnswer) {
  asio::io_context io{1};
  OffloadPool pool("test", 4, 1000);
  int right = 0;
  const auto caller = [&](int i) -> awaitable<void> {
    const std::function<int()> work = [i] { return i * i; };
    auto done = co_await offload(pool, work);
    if (must(std::move(done)) == i * i) ++right;
  };
  for (int i = 0; i < 500; ++i) beside(io, caller(i));
  io.run();
  EXPECT_EQ(right, 500);
}

TEST(Offload, ACancelledCallerLeavesAndTheWorkEndsWithoutIt) {
  asio::io_context io{1};
  OffloadPool pool("test", 1, 10);
  std::promise<void> go;
  std::promise<void> worked;
  const auto test = [&]() -> awaitable<void> {
    using namespace asio::experimental::awaitable_operators;
    const std::function<int()> work = [&] {
      go.get_future().wait();
      worked.set_value();
      return 1;
    };
    auto race = offload(pool, work) || pause(5ms);
    const auto first = co_await std::move(race);
    EXPECT_EQ(first.index(), 1u);
  };
  run(io, test());
  go.set_value();
  worked.get_future().wait();
  Blocker after_it(pool);
  io.restart();
  io.poll();
}

TEST(Offload, WorkThatWasNotBegunIsDroppedWithThePool) {
  asio::io_context io{1};
  auto pool = std::make_unique<OffloadPool>("test", 1, 10);
  Blocker blocker(*pool);
  bool ran = false;
  bool ended = false;
  const auto caller = [&]() -> awaitable<void> {
    const std::function<void()> work = [&] { ran = true; };
    const auto done = co_await offload(*pool, work);
    EXPECT_EQ(error_of(done), Errc::cancelled);
    ended = true;
  };
  beside(io, caller());
  io.poll();
  EXPECT_EQ(pool->queued(), 1u);
  std::thread destroying([&] { pool.reset(); });
  const auto limit = after(10s);
  while (!ended && std::chrono::steady_clock::now() < limit) io.run_one_for(100ms);
  blocker.release();
  destroying.join();
  EXPECT_TRUE(ended);
  EXPECT_FALSE(ran);
}

TEST(Offload, AStoppedPoolHasFinishedWhatWasBegunAndRefusesMore) {
  OffloadPool pool("test", 1, 10);
  std::atomic<bool> begun = false;
  bool finished = false;
  ASSERT_TRUE(pool.submit([&] {
    begun = true;
    begun.notify_one();
    std::this_thread::yield();
    finished = true;
  }));
  begun.wait(false);
  pool.stop();
  EXPECT_TRUE(finished);
  EXPECT_FALSE(pool.submit([] {}));
}

TEST(Offload, TheContextMayGoWhileTheWorkIsUnderWay) {
  OffloadPool pool("test", 1, 10);
  auto io = std::make_unique<asio::io_context>(1);
  std::promise<void> go;
  std::promise<void> begun;
  std::atomic<bool> worked = false;
  const auto caller = [&]() -> awaitable<void> {
    const std::function<void()> work = [&] {
      begun.set_value();
      go.get_future().wait();
      worked = true;
    };
    co_await offload(pool, work);
    ADD_FAILURE() << "resumed without a context";
  };
  beside(*io, caller());
  io->poll();
  begun.get_future().wait();
  io.reset();
  go.set_value();
  Blocker after_it(pool);
  EXPECT_TRUE(worked);
}

}  // namespace
}  // namespace postern::net
