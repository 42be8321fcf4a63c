#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

POSTERN_STORE_CONTRACT(UsersContract);

TEST_P(UsersContract, KeepsEveryField) {
  const User alice = sample_user();
  ASSERT_TRUE(ok(store_->users().add(alice)));
  const auto found = store_->users().find("local:alice").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key, alice.key);
  EXPECT_EQ(found->name, alice.name);
  EXPECT_EQ(found->email, alice.email);
  EXPECT_EQ(found->password_hash, alice.password_hash);
  EXPECT_FALSE(found->disabled);
  EXPECT_EQ(found->created_at, kNow);
}

TEST_P(UsersContract, KeysAreComparedByteForByte) {
  ASSERT_TRUE(ok(store_->users().add(sample_user())));
  EXPECT_FALSE(store_->users().find("local:Alice").value());
  EXPECT_FALSE(store_->users().find("local:alice ").value());
  EXPECT_FALSE(store_->users().find(std::string_view("local:alice\0", 12)).value());
  EXPECT_FALSE(store_->users().find("").value());
  EXPECT_FALSE(store_->users().find("alice@example.test").value());
}

TEST_P(UsersContract, TakenKeyIsAConflictAndChangesNothing) {
  ASSERT_TRUE(ok(store_->users().add(sample_user())));
  User other = sample_user();
  other.password_hash = "other";
  EXPECT_EQ(code_of(store_->users().add(other)), "conflict");
  EXPECT_EQ(store_->users().find("local:alice").value()->password_hash, "$argon2id$x");
}

TEST_P(UsersContract, ListIsInOrderOfKeys) {
  for (const std::string key : {"local:c", "entra:a", "local:b"})
    ASSERT_TRUE(ok(store_->users().add(sample_user(key))));
  std::vector<std::string> keys;
  for (const User& user : store_->users().list().value()) keys.push_back(user.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"entra:a", "local:b", "local:c"}));
}

TEST_P(UsersContract, NewPasswordEndsTheUsersSessionsOnly) {
  ASSERT_TRUE(ok(store_->users().add(sample_user())));
  ASSERT_TRUE(ok(store_->users().add(sample_user("local:bob"))));
  ASSERT_TRUE(ok(store_->users().add_session({hash_of("a"), "local:alice", kNow, kNow + 1h})));
  ASSERT_TRUE(ok(store_->users().add_session({hash_of("b"), "local:bob", kNow, kNow + 1h})));
  ASSERT_TRUE(ok(store_->users().set_password("local:alice", "new")));
  EXPECT_EQ(store_->users().find("local:alice").value()->password_hash, "new");
  EXPECT_FALSE(store_->users().find_session(hash_of("a"), kNow).value());
  EXPECT_TRUE(store_->users().find_session(hash_of("b"), kNow).value());
}

TEST_P(UsersContract, DisablingEndsSessionsAndGrantsAndStaysSo) {
  ASSERT_TRUE(ok(store_->users().add(sample_user())));
  ASSERT_TRUE(ok(store_->users().add_session({hash_of("a"), "local:alice", kNow, kNow + 1h})));
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  clock_->set(kNow + 5s);
  ASSERT_TRUE(ok(store_->users().set_disabled("local:alice", true)));
  EXPECT_TRUE(store_->users().find("local:alice").value()->disabled);
  EXPECT_FALSE(store_->users().find_session(hash_of("a"), kNow).value());
  EXPECT_EQ(store_->grants().find_grant("grant-1").value()->revoked_at, kNow + 5s);

  ASSERT_TRUE(ok(store_->users().set_disabled("local:alice", false)));
  EXPECT_FALSE(store_->users().find("local:alice").value()->disabled);
  EXPECT_TRUE(store_->grants().find_grant("grant-1").value()->revoked_at);
}

// A sign-in or a consent under way while the user is disabled must not outlive it.
TEST_P(UsersContract, DisabledUserGetsNoSessionConsentOrToken) {
  User alice = sample_user();
  alice.disabled = true;
  ASSERT_TRUE(ok(store_->users().add(alice)));
  EXPECT_EQ(code_of(store_->users().add_session({hash_of("a"), "local:alice", kNow, kNow + 1h})), "denied");
  EXPECT_EQ(code_of(store_->grants().approve(sample_approval())), "denied");
  EXPECT_EQ(code_of(store_->grants().add_minted(sample_grant(), sample_access())), "denied");
  EXPECT_FALSE(store_->users().find_session(hash_of("a"), kNow).value());
  EXPECT_FALSE(store_->grants().find_grant("grant-1").value());
  EXPECT_FALSE(store_->grants().find_access(hash_of("access-1")).value());
}

TEST_P(UsersContract, ChangingNobodyIsNotFound) {
  EXPECT_EQ(code_of(store_->users().set_password("local:nobody", "x")), "not_found");
  EXPECT_EQ(code_of(store_->users().set_disabled("local:nobody", true)), "not_found");
}

TEST_P(UsersContract, SessionEndsAtItsTime) {
  ASSERT_TRUE(ok(store_->users().add_session({hash_of("a"), "local:alice", kNow, kNow + 1h})));
  EXPECT_TRUE(store_->users().find_session(hash_of("a"), kNow + 1h - 1ms).value());
  EXPECT_FALSE(store_->users().find_session(hash_of("a"), kNow + 1h).value());
  EXPECT_FALSE(store_->users().find_session(hash_of("b"), kNow).value());
}

TEST_P(UsersContract, RemovedSessionIsGone) {
  ASSERT_TRUE(ok(store_->users().add_session({hash_of("a"), "local:alice", kNow, kNow + 1h})));
  ASSERT_TRUE(ok(store_->users().remove_session(hash_of("a"))));
  EXPECT_FALSE(store_->users().find_session(hash_of("a"), kNow).value());
  EXPECT_TRUE(ok(store_->users().remove_session(hash_of("a"))));
}

TEST_P(UsersContract, FailuresAreCountedWithinTheWindow) {
  const std::vector<std::string> account{"user:alice"};
  EXPECT_EQ(store_->users().failures(account, kNow, 1min).value(), 0);
  EXPECT_EQ(store_->users().count_failure(account, kNow, 1min).value(), 1);
  EXPECT_EQ(store_->users().count_failure(account, kNow + 30s, 1min).value(), 2);
  EXPECT_EQ(store_->users().failures(account, kNow + 59s, 1min).value(), 2);
  EXPECT_EQ(store_->users().failures(account, kNow + 60s, 1min).value(), 1);
  EXPECT_EQ(store_->users().count_failure(account, kNow + 95s, 1min).value(), 1);
}

TEST_P(UsersContract, TheHighestCountOfTheKeysTells) {
  for (int i = 0; i < 3; ++i) (void)store_->users().count_failure({"address:1"}, kNow, 1min);
  EXPECT_EQ(store_->users().count_failure({"user:alice", "address:1"}, kNow, 1min).value(), 4);
  EXPECT_EQ(store_->users().failures({"user:alice"}, kNow, 1min).value(), 1);
  EXPECT_EQ(store_->users().failures({"user:\"quoted\" \\ \xff", "user:alice"}, kNow, 1min).value(), 1);
  EXPECT_EQ(store_->users().failures({}, kNow, 1min).value(), 0);
}

TEST_P(UsersContract, FailuresSurviveARestartAndAreCleared) {
  (void)store_->users().count_failure({"user:alice"}, kNow, 1min);
  store_.reset();
  store_ = open();
  EXPECT_EQ(store_->users().failures({"user:alice"}, kNow, 1min).value(), 1);
  ASSERT_TRUE(ok(store_->users().clear_failures({"user:alice"})));
  EXPECT_EQ(store_->users().failures({"user:alice"}, kNow, 1min).value(), 0);
}

TEST_P(UsersContract, ANetworkIsKnownToItsUserForAMonth) {
  EXPECT_FALSE(store_->users().knows_network("local:alice", hash_of("home"), kNow).value());
  ASSERT_TRUE(ok(store_->users().remember_network("local:alice", hash_of("home"), kNow)));
  EXPECT_TRUE(store_->users().knows_network("local:alice", hash_of("home"), kNow + kNetworkKnown - 1ms).value());
  EXPECT_FALSE(store_->users().knows_network("local:alice", hash_of("home"), kNow + kNetworkKnown).value());
  EXPECT_FALSE(store_->users().knows_network("local:bob", hash_of("home"), kNow).value());
  EXPECT_FALSE(store_->users().knows_network("local:alice", hash_of("work"), kNow).value());
  ASSERT_TRUE(ok(store_->users().remember_network("local:alice", hash_of("home"), kNow + 24h)));
  EXPECT_TRUE(store_->users().knows_network("local:alice", hash_of("home"), kNow + kNetworkKnown).value());
}

TEST_P(UsersContract, OfEachUserTheLatestNetworksAreKnown) {
  ASSERT_TRUE(ok(store_->users().remember_network("local:bob", hash_of("0"), kNow)));
  for (int i = 0; i <= kKnownNetworks; ++i) {
    ASSERT_TRUE(ok(store_->users().remember_network("local:alice", hash_of(std::to_string(i)), kNow + i * 1ms)));
  }
  const Time now = kNow + 1h;
  EXPECT_FALSE(store_->users().knows_network("local:alice", hash_of("0"), now).value());
  for (int i = 1; i <= kKnownNetworks; ++i) {
    EXPECT_TRUE(store_->users().knows_network("local:alice", hash_of(std::to_string(i)), now).value()) << i;
  }
  EXPECT_TRUE(store_->users().knows_network("local:bob", hash_of("0"), now).value());
}

TEST_P(UsersContract, ANewPasswordForgetsTheUsersNetworksOnly) {
  for (const char* key : {"local:alice", "local:bob"}) {
    ASSERT_TRUE(ok(store_->users().add(sample_user(key))));
    ASSERT_TRUE(ok(store_->users().remember_network(key, hash_of("home"), kNow)));
  }
  ASSERT_TRUE(ok(store_->users().set_password("local:alice", "new")));
  EXPECT_FALSE(store_->users().knows_network("local:alice", hash_of("home"), kNow).value());
  EXPECT_TRUE(store_->users().knows_network("local:bob", hash_of("home"), kNow).value());
}

User carol() {
  User user = sample_user("entra:carol");
  user.name = "Carol";
  user.password_hash = "";
  return user;
}

// "acme:viewer globex:"
std::string memberships_of(Store& store, const std::string& user) {
  std::string text;
  for (const Membership& each : store.tenants().memberships_of(user).value()) {
    text += (text.empty() ? "" : " ") + each.tenant + ":" + each.role;
  }
  return text;
}

TEST_P(UsersContract, WhoSignsInElsewhereIsMadeOnceAndThenFollows) {
  User user = carol();
  ASSERT_TRUE(ok(store_->users().sign_in_elsewhere(user, {})));
  user.name = "Carol B.";
  user.email = "";
  user.created_at = kNow + 1h;
  ASSERT_TRUE(ok(store_->users().sign_in_elsewhere(user, {})));
  const auto found = store_->users().find("entra:carol").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "Carol B.");
  EXPECT_EQ(found->email, "");
  EXPECT_EQ(found->password_hash, "");
  EXPECT_EQ(found->created_at, kNow);
}

TEST_P(UsersContract, MembershipsOfASignInAreReplacedByTheNextAndGrantsGoWithThem) {
  const User user = carol();
  ASSERT_TRUE(
      ok(store_->users().sign_in_elsewhere(user, {{"entra:carol", "acme", "viewer"}, {"entra:carol", "globex", ""}})));
  EXPECT_EQ(memberships_of(*store_, "entra:carol"), "acme:viewer globex:");
  auto lost = sample_approval();
  lost.grant.user = "entra:carol";
  auto kept = sample_approval("consent-2", "grant-2", "code-2");
  kept.grant.user = "entra:carol";
  kept.grant.tenant = "globex";
  ASSERT_TRUE(ok(store_->grants().approve(lost)));
  ASSERT_TRUE(ok(store_->grants().approve(kept)));

  ASSERT_TRUE(ok(store_->users().sign_in_elsewhere(user, {{"entra:carol", "globex", "editor"}})));
  EXPECT_EQ(memberships_of(*store_, "entra:carol"), "globex:editor");
  EXPECT_TRUE(store_->grants().find_grant("grant-1").value()->revoked_at);
  EXPECT_FALSE(store_->grants().find_grant("grant-2").value()->revoked_at);
}

TEST_P(UsersContract, WhatAnOperatorGaveStaysAndCountsMore) {
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"entra:carol", "acme", "admin"}}})));
  ASSERT_TRUE(ok(store_->users().sign_in_elsewhere(
      carol(), {{"entra:carol", "acme", "viewer"}, {"entra:carol", "globex", "viewer"}})));
  EXPECT_EQ(memberships_of(*store_, "entra:carol"), "acme:admin globex:viewer");
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"entra:carol", "globex", "admin"}}})));
  ASSERT_TRUE(ok(store_->users().sign_in_elsewhere(carol(), {})));
  EXPECT_EQ(memberships_of(*store_, "entra:carol"), "acme:admin globex:admin");
}

TEST_P(UsersContract, ASignInThatChangesNothingIsNoChange) {
  const std::vector<Membership> acme{{"entra:carol", "acme", "viewer"}};
  ASSERT_TRUE(ok(store_->users().sign_in_elsewhere(carol(), acme)));
  const auto before = store_->newest_change().value();
  ASSERT_TRUE(ok(store_->users().sign_in_elsewhere(carol(), acme)));
  EXPECT_EQ(store_->newest_change().value(), before);
  ASSERT_TRUE(ok(store_->users().sign_in_elsewhere(carol(), {{"entra:carol", "acme", "admin"}})));
  const auto changes = store_->changes_since(before).value();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].kind, ChangeKind::membership);
  EXPECT_EQ(changes[0].subject, "entra:carol");
}

TEST_P(UsersContract, ARoleThatASignInElsewhereGaveIsNotKeptForGood) {
  ASSERT_TRUE(ok(store_->users().sign_in_elsewhere(carol(), {{"entra:carol", "acme", "admin"}})));
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"entra:carol", "acme", std::nullopt}}})));
  EXPECT_EQ(memberships_of(*store_, "entra:carol"), "acme:") << "a member of the operator's now, without a role";
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"entra:carol", "acme", "viewer"}}})));
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"entra:carol", "acme", std::nullopt}}})));
  EXPECT_EQ(memberships_of(*store_, "entra:carol"), "acme:viewer") << "one that an operator gave stays";
}

TEST_P(UsersContract, WhoIsDisabledDoesNotSignInElsewhere) {
  ASSERT_TRUE(ok(store_->users().sign_in_elsewhere(carol(), {})));
  ASSERT_TRUE(ok(store_->users().set_disabled("entra:carol", true)));
  const auto again = store_->users().sign_in_elsewhere(carol(), {{"entra:carol", "acme", ""}});
  EXPECT_EQ(code_of(again), "denied");
  EXPECT_EQ(memberships_of(*store_, "entra:carol"), "");
  EXPECT_TRUE(store_->users().find("entra:carol").value()->disabled);
}

}  // namespace
}  // namespace postern::store
