#include <atomic>
#include <thread>

#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

constexpr auto* kIssuer = "https://ai.example.test";

SigningKey sample_key(const std::string& id, Time active_at = kNow, const std::string& issuer = kIssuer) {
  return {.id = id,
          .issuer = issuer,
          .algorithm = "ES256",
          .sealed = std::string("sealed\0bytes", 12),
          .created_at = kNow,
          .active_at = active_at,
          .token_life = 10min,
          .tokens_until = Time{}};
}

class KeysContract : public Contract {
 protected:
  std::vector<std::string> ids(const std::string& issuer = kIssuer) {
    std::vector<std::string> found;
    for (const auto& key : store_->keys().list(issuer).value()) found.push_back(key.id);
    return found;
  }
  using Ids = std::vector<std::string>;
};
INSTANTIATE_TEST_SUITE_P(Store, KeysContract, testing::ValuesIn(backends()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(KeysContract, KeepsEveryField) {
  ASSERT_TRUE(ok(store_->keys().add_first(sample_key("k1"))));
  const auto keys = store_->keys().list(kIssuer).value();
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].id, "k1");
  EXPECT_EQ(keys[0].issuer, kIssuer);
  EXPECT_EQ(keys[0].algorithm, "ES256");
  EXPECT_EQ(keys[0].sealed, std::string("sealed\0bytes", 12));
  EXPECT_EQ(keys[0].created_at, kNow);
  EXPECT_EQ(keys[0].active_at, kNow);
  EXPECT_EQ(keys[0].token_life, 10min);
  EXPECT_EQ(keys[0].tokens_until, Time{});
}

TEST_P(KeysContract, OfAllWhoMakeTheFirstKeyOneDoes) {
  const auto second_process = open();
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      Store& store = i % 2 == 0 ? *store_ : *second_process;
      const auto added = store.keys().add_first(sample_key("k" + std::to_string(i)));
      if (added) ++made;
      EXPECT_TRUE(added || added.error().code == Errc::conflict);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(ids().size(), 1U);
}

TEST_P(KeysContract, ServersHaveKeysOfTheirOwn) {
  ASSERT_TRUE(ok(store_->keys().add_first(sample_key("k1"))));
  ASSERT_TRUE(ok(store_->keys().add_first(sample_key("k2", kNow, "https://other.example.test"))));
  EXPECT_EQ(ids(), Ids{"k1"});
  EXPECT_EQ(ids("https://other.example.test"), Ids{"k2"});
  EXPECT_EQ(ids("https://third.example.test"), Ids{});
}

TEST_P(KeysContract, OneKeyAtATimeIsPendingAndTheyComeInTheirOrder) {
  ASSERT_TRUE(ok(store_->keys().add_first(sample_key("k1"))));
  ASSERT_TRUE(ok(store_->keys().add_next(sample_key("k2", kNow + 10min), kNow)));
  EXPECT_EQ(code_of(store_->keys().add_next(sample_key("k3", kNow + 20min), kNow + 10min - 1ms)), "conflict");
  ASSERT_TRUE(ok(store_->keys().add_next(sample_key("k3", kNow + 20min), kNow + 10min)));
  EXPECT_EQ(ids(), (Ids{"k1", "k2", "k3"}));
}

TEST_P(KeysContract, ReplacingLeavesNoOtherKeyOfTheServer) {
  ASSERT_TRUE(ok(store_->keys().add_first(sample_key("k1"))));
  ASSERT_TRUE(ok(store_->keys().add_next(sample_key("k2", kNow + 10min), kNow)));
  ASSERT_TRUE(ok(store_->keys().add_first(sample_key("other", kNow, "https://other.example.test"))));
  ASSERT_TRUE(ok(store_->keys().replace(sample_key("k3"))));
  EXPECT_EQ(ids(), Ids{"k3"});
  EXPECT_EQ(ids("https://other.example.test"), Ids{"other"});
}

TEST_P(KeysContract, LivesAreOnlyRaised) {
  ASSERT_TRUE(ok(store_->keys().add_first(sample_key("k1"))));
  ASSERT_TRUE(ok(store_->keys().raise_token_life(kIssuer, 1h)));
  ASSERT_TRUE(ok(store_->keys().raise_token_life(kIssuer, 1min)));
  ASSERT_TRUE(ok(store_->keys().raise_tokens_until("k1", kNow + 24h)));
  ASSERT_TRUE(ok(store_->keys().raise_tokens_until("k1", kNow + 1h)));
  const auto key = store_->keys().list(kIssuer).value()[0];
  EXPECT_EQ(key.token_life, 1h);
  EXPECT_EQ(key.tokens_until, kNow + 24h);
  EXPECT_EQ(code_of(store_->keys().raise_tokens_until("k9", kNow)), "not_found");
}

TEST_P(KeysContract, EveryChangeIsNotedForOtherProcesses) {
  const auto other = open();
  const auto before = other->newest_change().value();
  ASSERT_TRUE(ok(store_->keys().add_first(sample_key("k1"))));
  ASSERT_TRUE(ok(store_->keys().add_next(sample_key("k2", kNow + 10min), kNow)));
  ASSERT_TRUE(ok(store_->keys().replace(sample_key("k3"))));
  ASSERT_TRUE(ok(store_->keys().raise_token_life(kIssuer, 1h)));
  ASSERT_TRUE(ok(store_->keys().raise_token_life(kIssuer, 1h)));
  ASSERT_TRUE(ok(store_->keys().raise_tokens_until("k3", kNow + 24h)));
  const auto changes = other->changes_since(before).value();
  ASSERT_EQ(changes.size(), 5U) << "what changes nothing is no change";
  std::vector<ChangeKind> kinds;
  for (const auto& change : changes) {
    kinds.push_back(change.kind);
    EXPECT_EQ(change.subject, kIssuer);
  }
  using enum ChangeKind;
  EXPECT_EQ(kinds, (std::vector{signing_keys, signing_keys, signing_keys, key_life, key_life}))
      << "a key that is kept for longer makes no token worse";
}

TEST_P(KeysContract, AKeyIsPurgedADayAfterTheLastOfItsTokens) {
  ASSERT_TRUE(ok(store_->keys().add_first(sample_key("k1"))));
  ASSERT_TRUE(ok(store_->purge(kNow + 400 * 24h)));
  EXPECT_EQ(ids(), Ids{"k1"}) << "no other signs";
  ASSERT_TRUE(ok(store_->keys().add_next(sample_key("k2", kNow + 10min), kNow)));
  ASSERT_TRUE(ok(store_->purge(kNow + 10min + 10min + 24h - 1ms)));
  EXPECT_EQ(ids(), (Ids{"k1", "k2"}));
  ASSERT_TRUE(ok(store_->purge(kNow + 10min + 10min + 24h)));
  EXPECT_EQ(ids(), Ids{"k2"});
}

TEST_P(KeysContract, AKeyWithALongLivedTokenIsKeptForIt) {
  ASSERT_TRUE(ok(store_->keys().add_first(sample_key("k1"))));
  ASSERT_TRUE(ok(store_->keys().raise_tokens_until("k1", kNow + 90 * 24h)));
  ASSERT_TRUE(ok(store_->keys().add_next(sample_key("k2", kNow + 10min), kNow)));
  ASSERT_TRUE(ok(store_->purge(kNow + 91 * 24h - 1ms)));
  EXPECT_EQ(ids(), (Ids{"k1", "k2"}));
  ASSERT_TRUE(ok(store_->purge(kNow + 91 * 24h)));
  EXPECT_EQ(ids(), Ids{"k2"});
}

TEST_P(KeysContract, AClientThatActsByItselfMustBeThere) {
  Grant grant = sample_grant();
  grant.kind = GrantKind::client_credentials;
  grant.user = client_user("client-1");
  grant.expires_at = kNow + 10min;
  EXPECT_EQ(code_of(store_->grants().add_minted(grant, sample_access())), "not_found");
  ASSERT_TRUE(ok(store_->clients().add(sample_client())));
  ASSERT_TRUE(ok(store_->grants().add_minted(grant, sample_access())));
  EXPECT_EQ(store_->grants().find_grant("grant-1").value()->kind, GrantKind::client_credentials);
  ASSERT_TRUE(ok(store_->purge(kNow + 10min + 24h)));
  EXPECT_FALSE(store_->grants().find_grant("grant-1").value()) << "one for each token would pile up";
}

}  // namespace
}  // namespace postern::store
