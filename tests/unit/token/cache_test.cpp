#include "token/cache.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
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

Touched of_grant(const std::string& grant) {
  Touched touched;
  touched.grants.insert(grant);
  return touched;
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
  cache.drop(of_grant("dead"));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(cache.find(crypto::sha256(std::to_string(i)), kNow) == nullptr, i % 2 == 0) << i;
  }
}

TEST(TokenCache, DoesNotKeepWhatWasReadBeforeARevocation) {
  TokenCache cache(100, 1h);
  const auto hash = crypto::sha256("a");
  const auto generation = cache.generation();
  cache.drop(of_grant("g"));
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

// One principal in five that shares nothing with the others but what the test says.
class ManyTokens {
 public:
  ManyTokens() {
    for (int i = 0; i < 100; ++i) cache_.insert(hash(i), owner(i), kNow, cache_.generation());
  }

  static crypto::Digest hash(int i) { return crypto::sha256("token " + std::to_string(i)); }
  static std::shared_ptr<const Principal> owner(int i) {
    const std::string number = std::to_string(i / 5);
    Principal p;
    p.grant = "grant " + number;
    p.user = "user " + number;
    p.tenant = "tenant " + number;
    p.client = "client " + number;
    p.key_ring = "ring " + number;
    p.expires_at = kNow + 1h;
    return std::make_shared<const Principal>(std::move(p));
  }
  std::vector<int> gone_after(const Touched& touched) {
    cache_.drop(touched);
    std::vector<int> gone;
    for (int i = 0; i < 100; ++i) {
      if (cache_.find(hash(i), kNow) == nullptr) gone.push_back(i);
    }
    return gone;
  }
  TokenCache& cache() { return cache_; }

 private:
  TokenCache cache_{10'000, 1h};
};

TEST(TokenCache, Attack6RemovesARevokedTokenAndNoOtherOfItsGrant) {
  ManyTokens many;
  Touched touched;
  touched.tokens.insert(ManyTokens::hash(42));
  EXPECT_EQ(many.gone_after(touched), std::vector<int>{42});
}

TEST(TokenCache, Attack6RemovesWhatAChangeNamesAndNothingElse) {
  const std::vector<int> five{15, 16, 17, 18, 19};
  const std::pair<Touched::Names Touched::*, const char*> kinds[] = {{&Touched::grants, "grant 3"},
                                                                     {&Touched::users, "user 3"},
                                                                     {&Touched::tenants, "tenant 3"},
                                                                     {&Touched::clients, "client 3"},
                                                                     {&Touched::key_rings, "ring 3"}};
  for (const auto& [names, name] : kinds) {
    Touched touched;
    (touched.*names).insert(name);
    EXPECT_EQ(ManyTokens().gone_after(touched), five) << name;
    Touched other_kind;
    (other_kind.*names).insert("3");
    EXPECT_TRUE(ManyTokens().gone_after(other_kind).empty()) << name;
  }
}

TEST(TokenCache, RemovesAllThatChangedTogether) {
  ManyTokens many;
  Touched touched;
  touched.tokens.insert(ManyTokens::hash(99));
  touched.users.insert("user 0");
  EXPECT_EQ(many.gone_after(touched), (std::vector<int>{0, 1, 2, 3, 4, 99}));
}

TEST(TokenCache, Attack6KnowsWhatHasChangedSinceAndForWhom) {
  const auto since = [](Touched touched) {
    ManyTokens many;
    const auto generation = many.cache().generation();
    many.cache().drop(touched);
    const bool own = many.cache().changed_since(generation, ManyTokens::hash(0), *ManyTokens::owner(0));
    EXPECT_FALSE(many.cache().changed_since(many.cache().generation(), ManyTokens::hash(0), *ManyTokens::owner(0)));
    return own;
  };
  Touched own;
  own.tokens.insert(ManyTokens::hash(0));
  EXPECT_TRUE(since(own));
  Touched other;
  for (int i = 1; i < 5; ++i) other.tokens.insert(ManyTokens::hash(i));
  EXPECT_FALSE(since(other)) << "tokens of the same grant";
  for (auto names : {&Touched::grants, &Touched::users, &Touched::tenants, &Touched::clients, &Touched::key_rings}) {
    Touched touched;
    (touched.*names).insert({"grant 1", "user 1", "tenant 1", "client 1", "ring 1"});
    EXPECT_FALSE(since(touched));
    (touched.*names).insert({"grant 0", "user 0", "tenant 0", "client 0", "ring 0"});
    EXPECT_TRUE(since(touched));
  }
  EXPECT_FALSE(since({}));
  Touched everything;
  everything.everything = true;
  EXPECT_TRUE(since(everything));
}

TEST(TokenCache, Attack6KeepsWhatWasReadWhileOnlyOthersChanged) {
  TokenCache cache(100, 1h);
  const auto hash = ManyTokens::hash(0);
  const auto generation = cache.generation();
  for (int i = 1; i <= 200; ++i) {
    Touched strangers;
    strangers.tokens.insert(ManyTokens::hash(i));
    cache.drop(strangers);
  }
  cache.insert(hash, ManyTokens::owner(0), kNow, generation);
  EXPECT_NE(cache.find(hash, kNow), nullptr);

  const auto before = cache.generation();
  Touched own;
  own.tokens.insert(ManyTokens::hash(1));
  cache.drop(own);
  cache.insert(ManyTokens::hash(1), ManyTokens::owner(1), kNow, before);
  EXPECT_EQ(cache.find(ManyTokens::hash(1), kNow), nullptr) << "read before its own token was revoked";
}

// A thread that has the generation of a change must not find what was cached before it, however far the drop has come.
TEST(TokenCache, NothingOfBeforeAChangeIsFoundInItsGeneration) {
  std::atomic<bool> stop{false};
  std::atomic<int> stale{0};
  TokenCache cache(20'000, 1h);
  const auto hash = ManyTokens::hash(0);
  for (int i = 1; i < 5'000; ++i) cache.insert(ManyTokens::hash(i), ManyTokens::owner(i), kNow, cache.generation());
  // The cached value says in which round it was made.
  const auto made_in = [](std::uint64_t round) {
    Principal p;
    p.grant = "g";
    p.role = std::to_string(round);
    p.expires_at = kNow + 1h;
    return std::make_shared<const Principal>(std::move(p));
  };
  std::thread reader([&] {
    while (!stop) {
      const auto generation = cache.generation();
      const auto found = cache.find(hash, kNow);
      if (!found || cache.changed_since(generation, hash, *found)) continue;
      if (std::stoull(found->role) < generation) ++stale;
    }
  });
  for (int round = 0; round < 300; ++round) {
    const auto generation = cache.generation();
    cache.insert(hash, made_in(generation), kNow, generation);
    cache.drop(of_grant("g"));
  }
  stop = true;
  reader.join();
  EXPECT_EQ(stale, 0);
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
  cache.drop(of_grant("g"));
  for (auto& thread : threads) thread.join();
  for (int i = 0; i < 8000; ++i) EXPECT_EQ(cache.find(crypto::sha256(std::to_string(i)), kNow), nullptr);
}

}  // namespace
}  // namespace postern::token
