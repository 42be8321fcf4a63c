#include <barrier>
#include <map>
#include <mutex>
#include <thread>

#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

class RaceContract : public Contract {
 protected:
  // Runs act(store, number) on many threads at once, over two stores on the same data; how often each code came out.
  std::map<std::string, int> race(int count, const std::function<std::string(Store&, const std::string&)>& act) {
    const auto other = open();
    std::map<std::string, int> outcomes;
    std::mutex mutex;
    std::barrier start(count);
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        const std::string outcome = act(i % 2 == 0 ? *store_ : *other, std::to_string(i));
        const std::lock_guard lock(mutex);
        ++outcomes[outcome];
      });
    }
    for (auto& thread : threads) thread.join();
    return outcomes;
  }

  int count_tokens(int count) {
    int found = 0;
    for (int i = 0; i < count; ++i) {
      const std::string id = std::to_string(i);
      const bool access = store_->grants().find_access(hash_of("a" + id)).value().has_value();
      const bool refresh = store_->grants().find_refresh(hash_of("r" + id)).value().has_value();
      EXPECT_EQ(access, refresh);
      found += access ? 1 : 0;
    }
    return found;
  }
};
INSTANTIATE_TEST_SUITE_P(Store, RaceContract, testing::ValuesIn(backends()),
                         [](const auto& tested) { return tested.param.name; });

using Outcomes = std::map<std::string, int>;

TEST_P(RaceContract, Of64RedemptionsOfACodeOneWins) {
  for (int round = 0; round < 3; ++round) {
    const std::string id = "round-" + std::to_string(round);
    ASSERT_TRUE(ok(store_->grants().approve(sample_approval("consent-" + id, id, "code-" + id))));
    const auto outcomes = race(64, [&](Store& store, const std::string& i) {
      const NewTokens tokens = sample_tokens("a" + id + i, "r" + id + i, id);
      return code_of(store.grants().redeem_code(hash_of("code-" + id), tokens, kNow));
    });
    EXPECT_EQ(outcomes, (Outcomes{{"conflict", 63}, {"ok", 1}}));
  }
}

TEST_P(RaceContract, TheTokensOfALostRedemptionAreNowhere) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  (void)race(32, [&](Store& store, const std::string& i) {
    return code_of(store.grants().redeem_code(hash_of("code-1"), sample_tokens("a" + i, "r" + i), kNow));
  });
  EXPECT_EQ(count_tokens(32), 1);
}

TEST_P(RaceContract, Of50RotationsOfATokenOneWinsAndAllSeeItsSuccessor) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow)));
  std::mutex mutex;
  std::map<std::string, int> successors;
  const auto outcomes = race(50, [&](Store& store, const std::string& i) {
    const auto code = code_of(
        store.grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("a" + i, "r" + i), "sealed-" + i, kNow));
    const auto seen = store.grants().find_refresh(hash_of("refresh-1")).value()->token.successor_sealed;
    const std::lock_guard lock(mutex);
    ++successors[seen];
    return code;
  });
  EXPECT_EQ(outcomes, (Outcomes{{"conflict", 49}, {"ok", 1}}));
  EXPECT_EQ(successors.size(), 1U);
  EXPECT_EQ(count_tokens(50), 1);
}

TEST_P(RaceContract, Of40DecisionsOnAConsentOneCounts) {
  const auto outcomes = race(40, [&](Store& store, const std::string& i) {
    return std::stoi(i) % 4 == 0 ? code_of(store.grants().refuse({"consent-1", kNow + 10min}))
                                 : code_of(store.grants().approve(sample_approval("consent-1", "g" + i, "c" + i)));
  });
  EXPECT_EQ(outcomes, (Outcomes{{"conflict", 39}, {"ok", 1}}));
  EXPECT_LE(store_->grants().list({}).value().size(), 1U);
}

// Whichever comes first: afterwards no token of the grant is alive.
TEST_P(RaceContract, NoRotationOutlivesARevocation) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow)));
  (void)race(16, [&](Store& store, const std::string& i) {
    return i == "7" ? code_of(store.grants().revoke("grant-1", "", kNow))
                    : code_of(store.grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("a" + i, "r" + i), "s",
                                                            kNow));
  });
  for (int i = 0; i < 16; ++i) {
    const auto found = store_->grants().find_access(hash_of("a" + std::to_string(i))).value();
    if (found) EXPECT_TRUE(found->grant.revoked_at);
  }
}

TEST_P(RaceContract, FailuresAreAllCounted) {
  (void)race(24, [&](Store& store, const std::string&) {
    return code_of(store.users().count_failure({"user:alice"}, kNow, 1min));
  });
  EXPECT_EQ(store_->users().failures({"user:alice"}, kNow, 1min).value(), 24);
}

TEST_P(RaceContract, AStepUpIsTakenByOne) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  ASSERT_TRUE(ok(store_->grants().mark_step_up("grant-1", {kNow, kNow + 30s, {}})));
  const auto outcomes = race(16, [&](Store& store, const std::string&) {
    return std::string(store.grants().take_step_up("grant-1", kNow).value() ? "taken" : "left");
  });
  EXPECT_EQ(outcomes, (Outcomes{{"left", 15}, {"taken", 1}}));
}

}  // namespace
}  // namespace postern::store
