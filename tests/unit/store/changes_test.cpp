#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

POSTERN_STORE_CONTRACT(ChangesContract);

std::string text(const std::vector<Change>& changes) {
  constexpr const char* names[] = {"grant", "user", "tenant", "membership", "client", "access"};
  std::string out;
  for (const Change& change : changes) {
    out += names[static_cast<int>(change.kind)] + (":" + change.subject + " ");
  }
  return out;
}

TEST_P(ChangesContract, AnotherProcessSeesThemInOrder) {
  const auto other = open();
  const auto start = other->newest_change().value();
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "Acme", ""}}})));
  ASSERT_TRUE(ok(store_->users().add(sample_user())));
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"local:alice", "acme", "admin"}}})));
  const auto changes = other->changes_since(start).value();
  EXPECT_EQ(text(changes), "tenant:acme user:local:alice membership:local:alice ");
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(text(other->changes_since(changes[1].sequence).value()), "membership:local:alice ");
  EXPECT_EQ(other->newest_change().value(), changes[2].sequence);
  EXPECT_TRUE(other->changes_since(changes[2].sequence).value().empty());
}

TEST_P(ChangesContract, WhatWasChangedIsThereWhenTheChangeIsSeen) {
  const auto other = open();
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  ASSERT_TRUE(ok(store_->grants().revoke("grant-1", "gone", kNow)));
  ASSERT_EQ(text(other->changes_since(0).value()), "grant:grant-1 ");
  EXPECT_TRUE(other->grants().find_grant("grant-1").value()->revoked_at);
}

TEST_P(ChangesContract, EveryEndOfAGrantIsTold) {
  ASSERT_TRUE(ok(store_->users().add(sample_user())));
  ASSERT_TRUE(ok(store_->clients().add(sample_client())));
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "Acme", ""}}})));
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"local:alice", "acme", ""}}})));
  const auto since = [&](auto&& act) {
    EXPECT_TRUE(ok(store_->grants().approve(
        sample_approval("c-" + std::to_string(clock_->now().time_since_epoch().count()), "g", "code-g"))));
    const auto start = store_->newest_change().value();
    EXPECT_TRUE(ok(act()));
    const std::string told = text(store_->changes_since(start).value());
    // Away with it, so that the next has the same name.
    EXPECT_TRUE(ok(store_->purge(kNow + 365 * 24h)));
    clock_->set(clock_->now() + 1ms);
    return told;
  };
  EXPECT_EQ(since([&] { return store_->tenants().remove_member("local:alice", "acme"); }),
            "grant:g membership:local:alice ");
  EXPECT_EQ(since([&] { return store_->tenants().remove("acme"); }), "grant:g tenant:acme ");
  EXPECT_EQ(since([&] { return store_->users().set_disabled("local:alice", true); }), "grant:g user:local:alice ");
  ASSERT_TRUE(ok(store_->users().set_disabled("local:alice", false)));
  ASSERT_TRUE(ok(store_->clients().add(sample_client())));
  EXPECT_EQ(since([&] { return store_->clients().remove("client-1"); }), "grant:g client:client-1 ");
}

TEST_P(ChangesContract, ASingleAccessTokensEndIsToldByItsHash) {
  ASSERT_TRUE(ok(store_->grants().add_minted(sample_grant(), sample_access())));
  ASSERT_TRUE(ok(store_->grants().revoke_access(hash_of("access-1"))));
  // sha256 of "access-1"
  EXPECT_EQ(text(store_->changes_since(0).value()),
            "access:f4c2844f463b5a93a517de81b67a09c8b9d79697bd3e7e5145e20e1ca2013c06 ");
}

TEST_P(ChangesContract, NothingIsToldOfWhatFailed) {
  ASSERT_TRUE(ok(store_->users().add(sample_user())));
  const auto start = store_->newest_change().value();
  std::vector<Change> heard;
  store_->on_change([&](const std::vector<Change>& changes) { heard = changes; });
  EXPECT_FALSE(ok(store_->users().add(sample_user())));
  EXPECT_FALSE(ok(store_->tenants().remove("nothing")));
  EXPECT_FALSE(ok(store_->grants().revoke("nothing", "", kNow)));
  EXPECT_TRUE(store_->changes_since(start).value().empty());
  EXPECT_TRUE(heard.empty());
}

TEST_P(ChangesContract, OwnChangesAreHeardBeforeTheCallReturns) {
  std::vector<Change> heard;
  store_->on_change(
      [&](const std::vector<Change>& changes) { heard.insert(heard.end(), changes.begin(), changes.end()); });
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "Acme", ""}}})));
  EXPECT_EQ(text(heard), "tenant:acme ");
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  ASSERT_TRUE(ok(store_->grants().revoke("grant-1", "", kNow)));
  EXPECT_EQ(text(heard), "tenant:acme grant:grant-1 ");
  EXPECT_EQ(heard, store_->changes_since(0).value());
}

TEST_P(ChangesContract, WhenTheyAreHeardTheyAreStored) {
  const auto other = open();
  bool stored = false;
  store_->on_change([&](const std::vector<Change>&) { stored = other->tenants().find("acme").value().has_value(); });
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "Acme", ""}}})));
  EXPECT_TRUE(stored);
}

TEST_P(ChangesContract, OthersChangesAreNotHeard) {
  const auto other = open();
  bool heard = false;
  store_->on_change([&](const std::vector<Change>&) { heard = true; });
  ASSERT_TRUE(ok(other->tenants().apply({.tenants = {{"acme", "Acme", ""}}})));
  EXPECT_FALSE(heard);
}

TEST_P(ChangesContract, WhoSleptThroughThePurgeIsToldSo) {
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"a", "", ""}}})));
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"b", "", ""}}})));
  const auto newest = store_->newest_change().value();
  ASSERT_TRUE(ok(store_->purge(kNow + 25h)));
  EXPECT_EQ(store_->newest_change().value(), newest);
  EXPECT_TRUE(store_->changes_since(newest).value().empty());
  EXPECT_EQ(code_of(store_->changes_since(newest - 1)), "expired");
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"c", "", ""}}})));
  EXPECT_EQ(text(store_->changes_since(newest).value()), "tenant:c ");
  EXPECT_EQ(code_of(store_->changes_since(newest - 1)), "expired");
  EXPECT_EQ(code_of(store_->changes_since(newest + 100)), "expired");
}

}  // namespace
}  // namespace postern::store
