#include "upstream/fetch/documents.hpp"

#include <gtest/gtest.h>

#include <future>
#include <list>
#include <thread>

#include "unit/net/support.hpp"

namespace postern::upstream {
namespace {

using namespace net_testing;

class MovedClock final : public Clock {
 public:
  Time now() const noexcept override { return from_millis(now_.load()); }
  void advance(Duration by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_{1'800'000'000'000};
};

class DocumentsTest : public testing::Test {
 protected:
  ~DocumentsTest() override { pool_.stop(); }

  // Owned by the test itself, so that the pool has stopped before they go.
  Documents& make(DocumentOptions options = {}) {
    const auto fetching = [this](const std::string& url, const net::FairQueue::Path&) -> Result<Fetched> {
      ++fetches_;
      if (held_.valid()) held_.wait();
      return answer_(url);
    };
    return made_.emplace_back(fetching, pool_, clock_, options);
  }
  void answers(std::string body, std::optional<std::chrono::seconds> lifetime = std::nullopt) {
    answer_ = [body, lifetime](const std::string&) -> Result<Fetched> { return Fetched{body, lifetime}; };
  }
  void fails(Errc code) {
    answer_ = [code](const std::string&) -> Result<Fetched> { return fail(code, "no"); };
  }
  // The text, or the name of the error.
  std::string get(Documents& documents, const std::string& url = "https://a.example.test/c", bool fresh = false) {
    std::string said;
    const auto test = [&]() -> awaitable<void> {
      std::string asked = url;
      const auto text = co_await documents.get(std::move(asked), fresh);
      said = text ? **text : to_string(text.error().code);
    };
    run(io_, test());
    return said;
  }

  MovedClock clock_;
  asio::io_context io_{1};
  net::OffloadPool pool_{"fetch", 2, 2};
  std::function<Result<Fetched>(const std::string&)> answer_;
  std::shared_future<void> held_;
  std::atomic<int> fetches_ = 0;
  std::list<Documents> made_;
};

TEST_F(DocumentsTest, KeepsADocumentAsLongAsItsHeadersSay) {
  auto& documents = make();
  answers("one", 300s);
  EXPECT_EQ(documents.at_hand("https://a.example.test/c"), std::nullopt);
  EXPECT_EQ(get(documents), "one");
  answers("two", 300s);
  clock_.advance(299s);
  EXPECT_EQ(get(documents), "one");
  EXPECT_EQ(**documents.at_hand("https://a.example.test/c"), "one");
  clock_.advance(1s);
  EXPECT_EQ(documents.at_hand("https://a.example.test/c"), std::nullopt);
  EXPECT_EQ(get(documents), "two");
  EXPECT_EQ(fetches_, 2);
}

TEST_F(DocumentsTest, WhatDoesNotDoIsAskedForAgainButNotWithoutEnd) {
  auto& documents = make();
  const std::string url = "https://a.example.test/c";
  answers("one", 3600s);
  EXPECT_EQ(get(documents), "one");
  answers("two", 3600s);
  clock_.advance(59s);
  EXPECT_EQ(get(documents, url, true), "one") << "it was asked for a moment ago";
  clock_.advance(1s);
  EXPECT_EQ(documents.at_hand(url, true), std::nullopt);
  EXPECT_TRUE(documents.at_hand(url));
  EXPECT_EQ(get(documents, url, true), "two");
  EXPECT_EQ(get(documents), "two");
  clock_.advance(60s);
  fails(Errc::unavailable);
  EXPECT_EQ(get(documents, url, true), "two") << "its place is silent";
  EXPECT_EQ(get(documents, url, true), "two") << "and is not asked again at once";
  EXPECT_EQ(fetches_, 3);
}

TEST_F(DocumentsTest, TheBoundsCountMoreThanTheHeaders) {
  auto& documents = make();
  const auto kept_for = [&](std::optional<std::chrono::seconds> said, std::chrono::seconds at_least) {
    const std::string url = "https://a.example.test/" + std::to_string(fetches_);
    answers("x", said);
    get(documents, url);
    clock_.advance(at_least - 1s);
    EXPECT_TRUE(documents.at_hand(url)) << at_least.count();
    clock_.advance(1s);
    EXPECT_FALSE(documents.at_hand(url)) << at_least.count();
  };
  kept_for(0s, 60s);
  kept_for(std::nullopt, 600s);
  kept_for(100h, 24h);
}

TEST_F(DocumentsTest, AFailureIsToldAndNotKept) {
  auto& documents = make();
  fails(Errc::protocol);
  EXPECT_EQ(get(documents), "protocol");
  answers("mended");
  EXPECT_EQ(get(documents), "mended");
}

TEST_F(DocumentsTest, AGoodDocumentIsUsedOnWhileItsPlaceIsSilent) {
  auto& documents = make();
  answers("one", 60s);
  get(documents);
  for (const Errc code : {Errc::unavailable, Errc::timed_out}) {
    clock_.advance(61s);
    fails(code);
    EXPECT_EQ(get(documents), "one");
    EXPECT_TRUE(documents.at_hand("https://a.example.test/c")) << "not asked for again at once";
  }
  clock_.advance(24h);
  EXPECT_EQ(get(documents), "timed_out") << "but not for ever";
}

// Else whoever keeps its host busy, or asks for it before its time, could take it from those who need it.
TEST_F(DocumentsTest, NobodyElseCanMakeAGoodDocumentGo) {
  auto& documents = make();
  const std::string url = "https://a.example.test/c";
  answers("one", 3600s);
  EXPECT_EQ(get(documents), "one");
  for (const Errc code : {Errc::busy, Errc::cancelled, Errc::protocol, Errc::denied}) {
    clock_.advance(61s);
    fails(code);
    EXPECT_EQ(get(documents, url, true), "one");
    EXPECT_EQ(get(documents), "one");
  }
  clock_.advance(3600s);
  fails(Errc::busy);
  EXPECT_EQ(get(documents), "one") << "it was never asked";
}

TEST_F(DocumentsTest, ADocumentThatWasTakenAwayIsGone) {
  auto& documents = make();
  answers("one", 60s);
  get(documents);
  clock_.advance(61s);
  fails(Errc::protocol);  // 404
  EXPECT_EQ(get(documents), "protocol");
  fails(Errc::unavailable);
  EXPECT_EQ(get(documents), "unavailable");
}

TEST_F(DocumentsTest, ATrustedPlaceIsUsedOnWhateverItSaysNow) {
  auto& documents = make({.trusted = true});
  answers("one", 60s);
  get(documents);
  fails(Errc::protocol);
  clock_.advance(61s);
  EXPECT_EQ(get(documents), "one");
  clock_.advance(24h);
  EXPECT_EQ(get(documents), "protocol") << "but not for ever";
}

TEST_F(DocumentsTest, WhatHasRunOutOfATrustedPlaceIsHandedOutWhileItIsAskedForAnew) {
  auto& documents = make({.trusted = true});
  const std::string url = "https://a.example.test/c";
  answers("one", 60s);
  get(documents);
  std::promise<void> hold;
  held_ = hold.get_future().share();
  answers("two", 60s);
  clock_.advance(61s);
  EXPECT_EQ(**documents.at_hand(url), "one") << "nobody waits";
  EXPECT_EQ(**documents.at_hand(url), "one");
  hold.set_value();
  while (**documents.at_hand(url) != "two") std::this_thread::yield();
  EXPECT_EQ(fetches_, 2) << "once for all who asked";
}

TEST_F(DocumentsTest, AHurryIsAllowedSoOftenInARowAndComesBackWithTime) {
  auto& documents = make({.shortest = 10s, .hurries = 2});
  const std::string url = "https://a.example.test/c";
  answers("x", 3600s);
  get(documents);
  const auto hurry = [&] {
    const int before = fetches_;
    get(documents, url, true);
    return fetches_ > before;
  };
  EXPECT_TRUE(hurry());
  EXPECT_TRUE(hurry());
  EXPECT_FALSE(hurry());
  clock_.advance(9s);
  EXPECT_FALSE(hurry());
  clock_.advance(1s);
  EXPECT_TRUE(hurry());
  EXPECT_FALSE(hurry());
  clock_.advance(60s);
  EXPECT_TRUE(hurry());
}

TEST_F(DocumentsTest, AFailureThatIsKeptIsToldWithoutAsking) {
  auto& documents = make({.failure = 5s});
  fails(Errc::unavailable);
  EXPECT_EQ(get(documents), "unavailable");
  answers("mended");
  EXPECT_EQ(get(documents), "unavailable");
  EXPECT_EQ(fetches_, 1);
  clock_.advance(5s);
  EXPECT_EQ(get(documents), "mended");
}

TEST_F(DocumentsTest, OneFetchServesAllWhoWait) {
  auto& documents = make();
  std::promise<void> hold;
  held_ = hold.get_future().share();
  answers("one");
  int served = 0;
  const auto ask = [&]() -> awaitable<void> {
    std::string url = "https://a.example.test/c";
    const auto text = co_await documents.get(std::move(url));
    EXPECT_EQ(**text, "one");
    ++served;
  };
  for (int i = 0; i < 9; ++i) beside(io_, ask());
  const auto last = [&]() -> awaitable<void> {
    co_await pause(1ms);
    hold.set_value();
    while (served < 9) co_await pause(1ms);
  };
  run(io_, last());
  EXPECT_EQ(served, 9);
  EXPECT_EQ(fetches_, 1);
}

TEST_F(DocumentsTest, AFullPoolIsBusy) {
  auto& documents = make();
  std::promise<void> hold;
  held_ = hold.get_future().share();
  answers("x");
  int busy = 0;
  int good = 0;
  const auto ask = [&](int number) -> awaitable<void> {
    std::string url = "https://a.example.test/" + std::to_string(number);
    const auto text = co_await documents.get(std::move(url));
    if (text) ++good;
    if (!text && text.error().code == Errc::busy) ++busy;
  };
  for (int i = 0; i < 10; ++i) beside(io_, ask(i));
  const auto last = [&]() -> awaitable<void> {
    while (busy < 6) co_await pause(1ms);
    hold.set_value();
    while (busy + good < 10) co_await pause(1ms);
  };
  run(io_, last());
  EXPECT_GE(good, 2);
  EXPECT_EQ(good + busy, 10);
}

TEST_F(DocumentsTest, WhatWasNotAskedForLongestGoesFirst) {
  auto& documents = make({.entries = 2});
  answers("x");
  get(documents, "https://a.example.test/1");
  get(documents, "https://a.example.test/2");
  EXPECT_TRUE(documents.at_hand("https://a.example.test/1"));
  get(documents, "https://a.example.test/3");
  EXPECT_TRUE(documents.at_hand("https://a.example.test/1"));
  EXPECT_FALSE(documents.at_hand("https://a.example.test/2"));
}

}  // namespace
}  // namespace postern::upstream
