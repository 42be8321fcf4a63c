#include <atomic>
#include <set>
#include <thread>

#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

POSTERN_STORE_CONTRACT(ClientsContract);

TEST_P(ClientsContract, KeepsEveryField) {
  const Client client = sample_client("client-1", "print");
  EXPECT_EQ(store_->clients().add(client).value().id, "client-1");
  const auto found = store_->clients().find("client-1").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, client.name);
  EXPECT_EQ(found->auth, ClientAuth::secret_post);
  EXPECT_EQ(found->secret_hash, client.secret_hash);
  EXPECT_EQ(found->redirect_uris, client.redirect_uris);
  EXPECT_EQ(found->grant_types, client.grant_types);
  EXPECT_EQ(found->application_type, "web");
  EXPECT_EQ(found->client_uri, "https://claude.ai");
  EXPECT_EQ(found->scope, "a b");
  EXPECT_TRUE(found->dynamic);
  EXPECT_EQ(found->fingerprint, "print");
  EXPECT_EQ(found->created_at, kNow);
  EXPECT_EQ(found->last_used_at, kNow);
  EXPECT_EQ(found->issuer, "https://ai.example.test");
  EXPECT_EQ(found->jwks, client.jwks);
  EXPECT_EQ(found->jwks_uri, client.jwks_uri);
  EXPECT_EQ(found->tenant, "acme");
  EXPECT_EQ(found->role, "editor");
  EXPECT_EQ(found->resource, client.resource);
  EXPECT_EQ(found->introspects, client.introspects);
}

TEST_P(ClientsContract, WhatMayBeUsedOnceIsUsedOnceByAnyProcess) {
  const auto second_process = open();
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      Store& store = i % 2 == 0 ? *store_ : *second_process;
      const auto used = store.clients().use_once(hash_of("jti"), kNow + 1min);
      if (used) ++won;
      EXPECT_TRUE(used || used.error().code == Errc::conflict);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_TRUE(ok(store_->clients().use_once(hash_of("another"), kNow + 1min)));
}

TEST_P(ClientsContract, EqualFingerprintsShareARow) {
  ASSERT_TRUE(ok(store_->clients().add(sample_client("first", "print"))));
  EXPECT_EQ(store_->clients().add(sample_client("second", "print")).value().id, "first");
  EXPECT_EQ(store_->clients().add(sample_client("third", "other")).value().id, "third");
  EXPECT_FALSE(store_->clients().find("second").value());
}

TEST_P(ClientsContract, NoFingerprintEqualsNone) {
  EXPECT_EQ(store_->clients().add(sample_client("first")).value().id, "first");
  EXPECT_EQ(store_->clients().add(sample_client("second")).value().id, "second");
  EXPECT_EQ(store_->clients().list().value().size(), 2U);
}

TEST_P(ClientsContract, TakenIdIsAConflict) {
  ASSERT_TRUE(ok(store_->clients().add(sample_client("first", "a"))));
  EXPECT_EQ(code_of(store_->clients().add(sample_client("first", "b"))), "conflict");
}

TEST_P(ClientsContract, EqualRegistrationsAtOnceGiveOneRow) {
  const auto second_process = open();
  std::vector<std::string> ids(32);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    threads.emplace_back([&, i] {
      Store& store = i % 2 == 0 ? *store_ : *second_process;
      ids[i] = store.clients().add(sample_client("client-" + std::to_string(i), "print")).value().id;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 1U);
  EXPECT_EQ(store_->clients().list().value().size(), 1U);
}

TEST_P(ClientsContract, SecretIsReplaced) {
  ASSERT_TRUE(ok(store_->clients().add(sample_client())));
  ASSERT_TRUE(ok(store_->clients().set_secret("client-1", hash_of("new"))));
  EXPECT_EQ(store_->clients().find("client-1").value()->secret_hash, hash_of("new"));
  EXPECT_EQ(code_of(store_->clients().set_secret("nobody", "x")), "not_found");
}

TEST_P(ClientsContract, RemovingEndsItsGrants) {
  ASSERT_TRUE(ok(store_->clients().add(sample_client())));
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  Approval other = sample_approval("c2", "other", "code-2");
  other.grant.client = "client-2";
  ASSERT_TRUE(ok(store_->grants().approve(other)));
  ASSERT_TRUE(ok(store_->clients().remove("client-1")));
  EXPECT_FALSE(store_->clients().find("client-1").value());
  EXPECT_TRUE(store_->grants().find_grant("grant-1").value()->revoked_at);
  EXPECT_FALSE(store_->grants().find_grant("other").value()->revoked_at);
  EXPECT_EQ(code_of(store_->clients().remove("client-1")), "not_found");
}

}  // namespace
}  // namespace postern::store
