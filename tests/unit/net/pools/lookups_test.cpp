#include "net/pools/lookups.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace postern::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;
using Addresses = std::vector<boost::asio::ip::address>;

// A name server that answers for one name, and is silent about all others until it is released.
class SilentServer {
 public:
  ~SilentServer() { release(); }
  Result<Addresses> resolve(const std::string& host) {
    if (host == "honest.example.test") return Addresses{make_address("192.0.2.7")};
    ++asked_;
    released_.wait();
    return fail(Errc::unavailable, "no answer");
  }
  void release() {
    if (!std::exchange(done_, true)) release_.set_value();
  }
  int asked() const { return asked_; }

 private:
  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
  std::atomic<int> asked_ = 0;
  bool done_ = false;
};

class LookupsTest : public testing::Test {
 protected:
  ~LookupsTest() override { server_.release(); }
  Resolve asking() {
    return [this](const std::string& host) { return server_.resolve(host); };
  }
  SilentServer server_;
};

TEST_F(LookupsTest, Attack13TheCallerGoesOnAtTheDeadline) {
  Lookups lookups("lookup", asking(), {1, 1, 1ms});
  const auto found = lookups.find("silent.example.test");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::timed_out);
  EXPECT_EQ(found.error().what, "looking up silent.example.test took longer than 1 ms");
  server_.release();
}

TEST_F(LookupsTest, Attack13SilentNamesOfOneNetworkLeaveThreadsToOthers) {
  Lookups lookups("lookup", asking(), {3, 2, 1h});
  std::vector<std::thread> strangers;
  for (int i = 0; i < 4; ++i) {
    strangers.emplace_back([&lookups] { EXPECT_FALSE(lookups.find("silent.example.test", {"203.0.113/24", "a"})); });
  }
  while (server_.asked() < 2 || lookups.pool().queued() < 2) std::this_thread::yield();
  const auto found = lookups.find("honest.example.test", {"198.51.100/24", "b"});
  ASSERT_TRUE(found) << "one thread is left";
  EXPECT_EQ(found->front().to_string(), "192.0.2.7");
  EXPECT_EQ(server_.asked(), 2) << "the others of that network wait for these";
  server_.release();
  for (auto& stranger : strangers) stranger.join();
  EXPECT_EQ(server_.asked(), 4);
}

TEST_F(LookupsTest, Attack13TooManyThatWaitAreRefusedAtOnce) {
  Lookups lookups("lookup", asking(), {1, 1, 1ms});
  Errc last{};
  // One on the thread, two that wait; none of these comes to an end.
  for (int i = 0; i < 4; ++i) {
    last = lookups.find("silent.example.test", {"203.0.113/24"}).error().code;
    while (server_.asked() == 0) std::this_thread::yield();
  }
  EXPECT_EQ(last, Errc::busy);
  server_.release();
}

TEST_F(LookupsTest, Attack13CallersThatWaitAreToldWhenTheLookupsEnd) {
  Lookups lookups("lookup", asking(), {1, 1, 1h});
  auto first = std::async(std::launch::async, [&] { return lookups.find("silent.example.test"); });
  while (server_.asked() == 0) std::this_thread::yield();
  auto second = std::async(std::launch::async, [&] { return lookups.find("silent.example.test"); });
  while (lookups.pool().queued() == 0) std::this_thread::yield();
  auto stopped = std::async(std::launch::async, [&] { lookups.stop(); });
  EXPECT_EQ(second.get().error().code, Errc::cancelled);
  server_.release();
  EXPECT_EQ(first.get().error().code, Errc::unavailable);
  stopped.get();
}

}  // namespace
}  // namespace postern::net
