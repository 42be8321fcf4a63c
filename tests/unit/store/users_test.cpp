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

}  // namespace
}  // namespace postern::store
