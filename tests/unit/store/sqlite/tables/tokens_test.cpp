#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

class TokensContract : public Contract {
 protected:
  void SetUp() override { ASSERT_TRUE(ok(store_->grants().approve(sample_approval()))); }
  void redeem() { ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow))); }
};
INSTANTIATE_TEST_SUITE_P(Store, TokensContract, testing::ValuesIn(backends()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(TokensContract, RedeemingGivesTheTokensAndUsesTheCode) {
  ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow + 3s)));
  EXPECT_EQ(store_->grants().find_code(hash_of("code-1")).value()->code.used_at, kNow + 3s);
  EXPECT_TRUE(store_->grants().find_access(hash_of("access-1")).value());
  const auto refresh = store_->grants().find_refresh(hash_of("refresh-1")).value();
  ASSERT_TRUE(refresh);
  EXPECT_EQ(refresh->token.scopes, (std::vector<std::string>{"mcp.connect", "skills.read"}));
  EXPECT_EQ(refresh->token.expires_at, kNow + 14 * 24h);
  EXPECT_FALSE(refresh->token.rotated_at);
  EXPECT_EQ(refresh->token.successor_hash, "");
  EXPECT_EQ(refresh->grant.id, "grant-1");
}

TEST_P(TokensContract, RefreshTokenMayBeLeftOut) {
  NewTokens tokens = sample_tokens();
  tokens.refresh.reset();
  ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), tokens, kNow)));
  EXPECT_TRUE(store_->grants().find_access(hash_of("access-1")).value());
  EXPECT_FALSE(store_->grants().find_refresh(hash_of("refresh-1")).value());
}

TEST_P(TokensContract, ACodeIsUsedOnce) {
  redeem();
  EXPECT_EQ(code_of(store_->grants().redeem_code(hash_of("code-1"), sample_tokens("access-2", "refresh-2"), kNow)),
            "conflict");
  EXPECT_FALSE(store_->grants().find_access(hash_of("access-2")).value());
  EXPECT_FALSE(store_->grants().find_refresh(hash_of("refresh-2")).value());
  // Still a conflict long after: a replay is to be told from an unknown code.
  EXPECT_EQ(code_of(store_->grants().redeem_code(hash_of("code-1"), sample_tokens("a", "r"), kNow + 1h)), "conflict");
}

TEST_P(TokensContract, ACodeEndsAtItsTime) {
  EXPECT_EQ(code_of(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow + 1min)), "expired");
  EXPECT_FALSE(store_->grants().find_code(hash_of("code-1")).value()->code.used_at);
  EXPECT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow + 1min - 1ms)));
}

TEST_P(TokensContract, ACodeOfARevokedGrantIsExpired) {
  ASSERT_TRUE(ok(store_->grants().revoke("grant-1", "", kNow)));
  EXPECT_EQ(code_of(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow)), "expired");
  EXPECT_FALSE(store_->grants().find_access(hash_of("access-1")).value());
}

TEST_P(TokensContract, UnknownSecretsAreNotFound) {
  EXPECT_EQ(code_of(store_->grants().redeem_code(hash_of("x"), sample_tokens(), kNow)), "not_found");
  EXPECT_EQ(code_of(store_->grants().rotate_refresh(hash_of("x"), sample_tokens(), "s", kNow)), "not_found");
  EXPECT_EQ(code_of(store_->grants().count_code_failure(hash_of("x"))), "not_found");
  EXPECT_EQ(code_of(store_->grants().add_access(sample_access("a", "nothing"), kNow)), "not_found");
  EXPECT_FALSE(store_->grants().find_code("").value());
  EXPECT_FALSE(store_->grants().find_refresh("").value());
  EXPECT_FALSE(store_->grants().find_access("").value());
}

// The code stays good where its tokens could not be stored: the one is there exactly when the others are.
TEST_P(TokensContract, ARedemptionThatFailsHalfwayLeavesTheCodeUnused) {
  EXPECT_EQ(code_of(store_->grants().redeem_code(hash_of("code-1"), sample_tokens("a", "r", "grant-2"), kNow)),
            "invalid");
  EXPECT_FALSE(store_->grants().find_code(hash_of("code-1")).value()->code.used_at);
  EXPECT_FALSE(store_->grants().find_access(hash_of("a")).value());
  redeem();
}

TEST_P(TokensContract, WrongVerifiersAreCounted) {
  EXPECT_EQ(store_->grants().count_code_failure(hash_of("code-1")).value(), 1);
  EXPECT_EQ(store_->grants().count_code_failure(hash_of("code-1")).value(), 2);
  EXPECT_EQ(store_->grants().find_code(hash_of("code-1")).value()->code.failures, 2);
  EXPECT_FALSE(store_->grants().find_code(hash_of("code-1")).value()->code.used_at);
}

TEST_P(TokensContract, RotationKeepsTheSealedSuccessor) {
  redeem();
  const std::string sealed("\x00\xff sealed", 9);
  ASSERT_TRUE(ok(store_->grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("access-2", "refresh-2"), sealed,
                                                 kNow + 5s)));
  const auto old = store_->grants().find_refresh(hash_of("refresh-1")).value()->token;
  EXPECT_EQ(old.rotated_at, kNow + 5s);
  EXPECT_EQ(old.successor_hash, hash_of("refresh-2"));
  EXPECT_EQ(old.successor_sealed, sealed);
  EXPECT_FALSE(store_->grants().find_refresh(hash_of("refresh-2")).value()->token.rotated_at);
  EXPECT_TRUE(store_->grants().find_access(hash_of("access-2")).value());
  EXPECT_TRUE(store_->grants().find_access(hash_of("access-1")).value());
}

TEST_P(TokensContract, ASecondRotationIsAConflictAndKeepsTheFirstSuccessor) {
  redeem();
  ASSERT_TRUE(ok(store_->grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("a2", "r2"), "first", kNow)));
  EXPECT_EQ(code_of(store_->grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("a3", "r3"), "second", kNow)),
            "conflict");
  EXPECT_EQ(store_->grants().find_refresh(hash_of("refresh-1")).value()->token.successor_sealed, "first");
  EXPECT_FALSE(store_->grants().find_refresh(hash_of("r3")).value());
  EXPECT_FALSE(store_->grants().find_access(hash_of("a3")).value());
}

TEST_P(TokensContract, ARotatedTokenStaysDeadAfterARestart) {
  redeem();
  ASSERT_TRUE(ok(store_->grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("a2", "r2"), "s", kNow)));
  store_.reset();
  store_ = open();
  EXPECT_EQ(code_of(store_->grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("a3", "r3"), "s", kNow)),
            "conflict");
}

TEST_P(TokensContract, NothingIsIssuedForARevokedGrant) {
  redeem();
  ASSERT_TRUE(ok(store_->grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("a2", "r2"), "s", kNow)));
  ASSERT_TRUE(ok(store_->grants().revoke("grant-1", "", kNow)));
  EXPECT_EQ(code_of(store_->grants().rotate_refresh(hash_of("r2"), sample_tokens("a3", "r3"), "s", kNow)), "expired");
  EXPECT_EQ(code_of(store_->grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("a3", "r3"), "s", kNow)),
            "expired");
  EXPECT_EQ(code_of(store_->grants().add_access(sample_access("a3"), kNow)), "expired");
  EXPECT_FALSE(store_->grants().find_access(hash_of("a3")).value());
}

TEST_P(TokensContract, NothingIsIssuedPastTheFamilysOrTheTokensEnd) {
  redeem();
  EXPECT_EQ(
      code_of(store_->grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("a2", "r2"), "s", kNow + 14 * 24h)),
      "expired");
  EXPECT_EQ(code_of(store_->grants().add_access(sample_access("a2"), kNow + 30 * 24h)), "expired");
  EXPECT_TRUE(ok(store_->grants().add_access(sample_access("a2"), kNow + 30 * 24h - 1ms)));
}

TEST_P(TokensContract, ARotationNeedsASuccessorOfTheSameGrant) {
  redeem();
  NewTokens none = sample_tokens("a2", "r2");
  none.refresh.reset();
  EXPECT_EQ(code_of(store_->grants().rotate_refresh(hash_of("refresh-1"), none, "s", kNow)), "invalid");
  EXPECT_EQ(
      code_of(store_->grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("a2", "r2", "grant-2"), "s", kNow)),
      "invalid");
  EXPECT_FALSE(store_->grants().find_refresh(hash_of("refresh-1")).value()->token.rotated_at);
}

}  // namespace
}  // namespace postern::store
