#include "token/cache.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace postern::token {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow = Time{1'000'000'000ms};

std::shared_ptr<const Principal> principal(const std::string& grant, Time expires_at = kNow + 1h) {
  Principal p;
  p.grant = grant;
  p.expires_at = expires_at;
  return std::make_shared<const Principal>(std::move(p));
}

TEST(TokenCache, FindsWhatWasInserted) {
  TokenCache cache(100, 1h);
  const auto hash = crypto::sha256("a");
  EXPECT_EQ(cache.find(hash, kNow), nullptr);
  cache.insert(hash, principal("g"), kNow, cache.generation());
  ASSERT_NE(cache.find(hash, kNow), nullptr);
  EXPECT_EQ(cache.find(hash, kNow)->grant, "g");
  EXPECT_EQ(cache.find(crypto::sha256("b"), kNow), nullptr);
}

TEST(TokenCache, ForgetsATokenAtItsEnd) {
  TokenCache cache(100, 1h);
  const auto hash = crypto::sha256("a");
  cache.insert(hash, principal("g", kNow + 10s), kNow, cache.generation());
  EXPECT_NE(cache.find(hash, kNow + 9999ms), nullptr);
  EXPECT_EQ(cache.find(hash, kNow + 10s), nullptr);
}

TEST(TokenCache, ForgetsAfterTheGreatestAge) {
  TokenCache cache(100, 5s);
  const auto hash = crypto::sha256("a");
  cache.insert(hash, principal("g"), kNow, cache.generation());
  EXPECT_NE(cache.find(hash, kNow + 4999ms), nullptr);
  EXPECT_EQ(cache.find(hash, kNow + 5s), nullptr);
}

TEST(TokenCache, DropsEveryTokenOfARevokedGrantAndNoOther) {
  TokenCache cache(1000, 1h);
  for (int i = 0; i < 100; ++i) {
    cache.insert(crypto::sha256(std::to_string(i)), principal(i % 2 == 0 ? "dead" : "live"), kNow, cache.generation());
  }
  cache.drop_grant("dead");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(cache.find(crypto::sha256(std::to_string(i)), kNow) == nullptr, i % 2 == 0) << i;
  }
}

TEST(TokenCache, DoesNotKeepWhatWasReadBeforeARevocation) {
  TokenCache cache(100, 1h);
  const auto hash = crypto::sha256("a");
  const auto generation = cache.generation();
  cache.drop_grant("g");
  cache.insert(hash, principal("g"), kNow, generation);
  EXPECT_EQ(cache.find(hash, kNow), nullptr);

  const auto before_all = cache.generation();
  cache.drop_all();
  cache.insert(hash, principal("g"), kNow, before_all);
  EXPECT_EQ(cache.find(hash, kNow), nullptr);
}

TEST(TokenCache, DropAllForgetsEverything) {
  TokenCache cache(100, 1h);
  const auto hash = crypto::sha256("a");
  cache.insert(hash, principal("g"), kNow, cache.generation());
  cache.drop_all();
  EXPECT_EQ(cache.find(hash, kNow), nullptr);
}

TEST(TokenCache, IsBoundedAndKeepsWhatIsUsed) {
  TokenCache cache(160, 1h);
  const auto used = crypto::sha256("used");
  cache.insert(used, principal("used"), kNow, cache.generation());
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_NE(cache.find(used, kNow), nullptr);
    cache.insert(crypto::sha256(std::to_string(i)), principal("g"), kNow, cache.generation());
  }
  int kept = 0;
  for (int i = 0; i < 10'000; ++i) kept += cache.find(crypto::sha256(std::to_string(i)), kNow) != nullptr ? 1 : 0;
  EXPECT_LE(kept, 160);
  EXPECT_GT(kept, 100);
}

TEST(TokenCache, ARevokedGrantNeverStaysUnderConcurrentInsertions) {
  TokenCache cache(1000, 1h);
  std::atomic<bool> revoked{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, &revoked, t] {
      for (int i = 0; i < 2000; ++i) {
        const auto generation = cache.generation();
        const bool read_as_live = !revoked.load();  // what the store would have said
        if (read_as_live) {
          cache.insert(crypto::sha256(std::to_string(t * 2000 + i)), principal("g"), kNow, generation);
        }
      }
    });
  }
  revoked.store(true);
  cache.drop_grant("g");
  for (auto& thread : threads) thread.join();
  for (int i = 0; i < 8000; ++i) EXPECT_EQ(cache.find(crypto::sha256(std::to_string(i)), kNow), nullptr);
}

}  // namespace
}  // namespace postern::token
