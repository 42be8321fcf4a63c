#include "upstream/fetch/fetcher.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "unit/net/support.hpp"

namespace postern::upstream {
namespace {

using namespace net_testing;
using asio::ip::make_address;
using Addresses = std::vector<asio::ip::address>;

// Counts the connections it gets, and ends each.
class Listener {
 public:
  Listener(asio::io_context& io, const char* address, std::uint16_t port)
      : acceptor_(io, tcp::endpoint(make_address(address), port)) {
    accept();
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  int reached() const { return reached_; }

 private:
  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket) {
      if (error) return;
      ++reached_;
      accept();
    });
  }

  tcp::acceptor acceptor_;
  std::atomic<int> reached_ = 0;
};

class FetcherTest : public testing::Test {
 protected:
  FetcherTest() {
    thread_ = std::thread([this] {
      const auto guard = asio::make_work_guard(io_);
      io_.run();
    });
  }
  ~FetcherTest() override {
    io_.stop();
    thread_.join();
  }

  // A fetcher for whose resolver each look-up gives the next of the answers.
  Fetcher make(std::vector<Addresses> answers, const std::vector<std::string>& exceptions = {}) {
    FetcherOptions options;
    options.guard = net::AddressGuard(exceptions);
    options.tls = [tls = must(net::TlsClient::load({}))] { return tls; };
    options.resolve = [this, answers = std::move(answers)](const std::string&,
                                                           const net::FairQueue::Path&) -> Result<Addresses> {
      return answers.at(std::min(static_cast<std::size_t>(lookups_++), answers.size() - 1));
    };
    return Fetcher(std::move(options), clock_);
  }
  std::string url() const { return "https://documents.example.test:" + std::to_string(one_.port()) + "/client.json"; }
  Errc error_for(Fetcher& fetcher, const std::string& asked) {
    const auto fetched = fetcher.get(asked, {5 * 1024, 5s});
    EXPECT_FALSE(fetched);
    what_ = fetched ? "" : fetched.error().what;
    return fetched ? Errc{} : fetched.error().code;
  }

  SystemClock clock_;
  asio::io_context io_{1};
  Listener one_{io_, "127.0.0.1", 0};
  Listener two_{io_, "127.0.0.2", one_.port()};
  std::thread thread_;
  int lookups_ = 0;
  std::string what_;
};

TEST_F(FetcherTest, ANameWithAnInnerAddressIsNotAskedAtAll) {
  for (const Addresses& answer :
       {Addresses{make_address("127.0.0.1")}, Addresses{make_address("192.0.32.10"), make_address("127.0.0.1")},
        Addresses{make_address("127.0.0.2"), make_address("192.0.32.10")},
        Addresses{make_address("::ffff:127.0.0.1")}}) {
    auto fetcher = make({answer});
    EXPECT_EQ(error_for(fetcher, url()), Errc::denied);
    EXPECT_NE(what_.find("loopback"), std::string::npos) << what_;
  }
  EXPECT_EQ(one_.reached() + two_.reached(), 0);
}

// Rebinding: the name is looked up once, so a second answer never counts.
TEST_F(FetcherTest, Case56ConnectsToTheAddressThatWasCheckedAndLooksTheNameUpOnce) {
  auto fetcher = make({{make_address("127.0.0.1")}, {make_address("127.0.0.2")}}, {"127.0.0.1/32"});
  error_for(fetcher, url());
  EXPECT_EQ(lookups_, 1);
  EXPECT_EQ(one_.reached(), 1);
  EXPECT_EQ(two_.reached(), 0);
  EXPECT_EQ(error_for(fetcher, url()), Errc::denied) << "the next fetch checks what it is told then";
  EXPECT_EQ(two_.reached(), 0);
}

TEST_F(FetcherTest, AnExceptionForAHostIsForThatHostAlone) {
  auto fetcher = make({{make_address("127.0.0.1")}}, {"documents.example.test"});
  EXPECT_NE(error_for(fetcher, url()), Errc::denied);
  EXPECT_EQ(one_.reached(), 1);
  EXPECT_EQ(error_for(fetcher, "https://other.example.test:" + std::to_string(one_.port()) + "/"), Errc::denied);
  EXPECT_EQ(one_.reached(), 1);
}

TEST_F(FetcherTest, OnlyPlainHttpsUrlsAreFetched) {
  auto fetcher = make({{make_address("127.0.0.1")}}, {"127.0.0.0/8"});
  const std::string port = std::to_string(one_.port());
  for (const std::string& bad :
       {"http://127.0.0.1:" + port + "/", "ftp://127.0.0.1:" + port + "/", "https://user@127.0.0.1:" + port + "/",
        "https://127.0.0.1:" + port + "/#x", std::string("/client.json"), std::string()}) {
    EXPECT_EQ(error_for(fetcher, bad), Errc::invalid) << bad;
  }
  EXPECT_EQ(one_.reached(), 0);
}

// What an operator wrote down may be plain on the loopback, and nowhere else.
TEST_F(FetcherTest, PlainHttpIsForLoopbackNamesWhereItIsAllowed) {
  FetcherOptions options;
  options.guard = net::AddressGuard({"127.0.0.1"});
  options.resolve = [](const std::string&, const net::FairQueue::Path&) -> Result<Addresses> {
    return Addresses{make_address("127.0.0.1")};
  };
  options.plain_loopback = true;
  Fetcher fetcher(std::move(options), clock_);
  const std::string port = std::to_string(one_.port());
  EXPECT_EQ(error_for(fetcher, "http://documents.example.test:" + port + "/"), Errc::invalid);
  EXPECT_EQ(error_for(fetcher, "http://localhost:" + port + "/"), Errc::denied) << "that host was not written down";
  EXPECT_EQ(one_.reached(), 0);
  EXPECT_NE(error_for(fetcher, "http://127.0.0.1:" + port + "/"), Errc::invalid);
  EXPECT_EQ(one_.reached(), 1);
}

TEST_F(FetcherTest, AFormIsSentToOneAddressOnly) {
  auto fetcher = make({{make_address("127.0.0.1"), make_address("127.0.0.2")}}, {"127.0.0.0/8"});
  const auto posted = fetcher.post(url(), {Secret("code=x"), Secret()}, {5 * 1024, 5s});
  EXPECT_FALSE(posted);
  EXPECT_EQ(one_.reached(), 1);
  EXPECT_EQ(two_.reached(), 0) << "a code is good once";
}

TEST_F(FetcherTest, ANameThatCannotBeLookedUpIsUnavailable) {
  FetcherOptions options;
  options.resolve = [](const std::string&, const net::FairQueue::Path&) -> Result<Addresses> {
    return fail(Errc::unavailable, "no such name");
  };
  Fetcher fetcher(std::move(options), clock_);
  EXPECT_EQ(error_for(fetcher, "https://documents.example.test/"), Errc::unavailable);
}

TEST_F(FetcherTest, FromOneHostTwoAtATime) {
  std::promise<void> hold;
  const auto held = hold.get_future().share();
  std::atomic<int> waiting = 0;
  FetcherOptions options;
  options.resolve = [&waiting, held](const std::string&, const net::FairQueue::Path&) -> Result<Addresses> {
    ++waiting;
    held.wait();
    return fail(Errc::unavailable, "no such name");
  };
  Fetcher fetcher(std::move(options), clock_);
  const auto ask = [&fetcher] { return fetcher.get("https://a.example.test/x", {5 * 1024, 5s}).error().code; };
  auto first = std::async(std::launch::async, ask);
  auto second = std::async(std::launch::async, ask);
  while (waiting < 2) std::this_thread::yield();
  EXPECT_EQ(ask(), Errc::busy);
  hold.set_value();
  EXPECT_EQ(first.get(), Errc::unavailable);
  EXPECT_EQ(second.get(), Errc::unavailable);
  EXPECT_EQ(ask(), Errc::unavailable) << "their places are free again";
}

}  // namespace
}  // namespace postern::upstream
