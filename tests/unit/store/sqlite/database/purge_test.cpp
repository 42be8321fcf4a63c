#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

class PurgeContract : public Contract {
 protected:
  void approve(const std::string& id) {
    ASSERT_TRUE(ok(store_->grants().approve(sample_approval("consent-" + id, id, "code-" + id))));
  }
  void purge(Time now) { ASSERT_TRUE(ok(store_->purge(now))); }
};
INSTANTIATE_TEST_SUITE_P(Store, PurgeContract, testing::ValuesIn(backends()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(PurgeContract, Attack13ConsentsStayADayLongerForAClockThatGoesBack) {
  approve("1");
  purge(kNow + 10min + 24h - 1ms);
  EXPECT_EQ(code_of(store_->grants().refuse({"consent-1", kNow})), "conflict");
  purge(kNow + 10min + 24h);
  EXPECT_EQ(code_of(store_->grants().refuse({"consent-1", kNow})), "ok");
}

TEST_P(PurgeContract, Attack13WhatWasUsedOnceStaysADayLongerForAClockThatGoesBack) {
  ASSERT_TRUE(ok(store_->clients().use_once(hash_of("jti"), kNow)));
  purge(kNow + 24h - 1ms);
  EXPECT_EQ(code_of(store_->clients().use_once(hash_of("jti"), kNow)), "conflict");
  purge(kNow + 24h);
  EXPECT_EQ(code_of(store_->clients().use_once(hash_of("jti"), kNow)), "ok");
}

TEST_P(PurgeContract, Attack13FailuresAreNotForgottenByTheNextOne) {
  (void)store_->users().count_failure({"key"}, kNow, 1h);
  EXPECT_EQ(store_->users().count_failure({"key"}, kNow + 40 * 24h, 1h).value(), 1);
  EXPECT_EQ(store_->users().failures({"key"}, kNow, 1h).value(), 2) << "the clock was ahead for a moment";
}

TEST_P(PurgeContract, Attack13TheTimeIsKeptForTheNextProcess) {
  EXPECT_FALSE(store_->kept_time().value());
  ASSERT_TRUE(ok(store_->keep_time({kNow, std::nullopt})));
  EXPECT_EQ(open()->kept_time().value()->deleted_until, kNow);
  EXPECT_EQ(open()->kept_time().value()->relied_on, std::nullopt);
  ASSERT_TRUE(ok(store_->keep_time({kNow - 1h, kNow - 2h})));
  EXPECT_EQ(open()->kept_time().value()->deleted_until, kNow - 1h);
  EXPECT_EQ(open()->kept_time().value()->relied_on, kNow - 2h);
}

TEST_P(PurgeContract, NetworksAreForgottenAtTheirEnd) {
  ASSERT_TRUE(ok(store_->users().remember_network("local:alice", hash_of("home"), kNow)));
  purge(kNow + kNetworkKnown - 1ms);
  EXPECT_TRUE(store_->users().knows_network("local:alice", hash_of("home"), kNow).value());
  purge(kNow + kNetworkKnown);
  EXPECT_FALSE(store_->users().knows_network("local:alice", hash_of("home"), kNow).value());
}

TEST_P(PurgeContract, CodesStayADayLongerToTellAReplay) {
  approve("1");
  ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens("a", "r", "1"), kNow)));
  purge(kNow + 1min + 24h - 1ms);
  EXPECT_TRUE(store_->grants().find_code(hash_of("code-1")).value());
  purge(kNow + 1min + 24h);
  EXPECT_FALSE(store_->grants().find_code(hash_of("code-1")).value());
  EXPECT_TRUE(store_->grants().find_grant("1").value());
}

TEST_P(PurgeContract, AccessTokensStayAsLongAsAStepUpMayBePendingAfterTheirEnd) {
  ASSERT_TRUE(ok(store_->grants().add_minted(sample_grant(), sample_access())));
  purge(kNow + 10min + kStepUpPending - 1ms);
  EXPECT_TRUE(store_->grants().find_access(hash_of("access-1")).value());
  purge(kNow + 10min + kStepUpPending);
  EXPECT_FALSE(store_->grants().find_access(hash_of("access-1")).value());
}

TEST_P(PurgeContract, UnusedRefreshTokensGoAtTheirEnd) {
  approve("1");
  ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens("a", "r", "1"), kNow)));
  purge(kNow + 14 * 24h - 1ms);
  EXPECT_TRUE(store_->grants().find_refresh(hash_of("r")).value());
  purge(kNow + 14 * 24h);
  EXPECT_FALSE(store_->grants().find_refresh(hash_of("r")).value());
}

TEST_P(PurgeContract, RotatedRefreshTokensStayAWeekToTellReuse) {
  approve("1");
  ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens("a", "r1", "1"), kNow)));
  const Time rotated = kNow + 13 * 24h;
  ASSERT_TRUE(ok(store_->grants().rotate_refresh(hash_of("r1"), sample_tokens("a2", "r2", "1"), "s", rotated)));
  purge(rotated + 7 * 24h - 1ms);
  EXPECT_TRUE(store_->grants().find_refresh(hash_of("r1")).value());
  purge(rotated + 7 * 24h);
  EXPECT_FALSE(store_->grants().find_refresh(hash_of("r1")).value());
}

TEST_P(PurgeContract, RotatedRefreshTokensDoNotOutliveTheirFamily) {
  Approval approval = sample_approval();
  approval.grant.expires_at = kNow + 24h;
  ASSERT_TRUE(ok(store_->grants().approve(approval)));
  ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow)));
  ASSERT_TRUE(ok(store_->grants().rotate_refresh(hash_of("refresh-1"), sample_tokens("a2", "r2"), "s", kNow)));
  purge(kNow + 24h - 1ms);
  EXPECT_TRUE(store_->grants().find_refresh(hash_of("refresh-1")).value());
  purge(kNow + 24h);
  EXPECT_FALSE(store_->grants().find_refresh(hash_of("refresh-1")).value());
}

TEST_P(PurgeContract, GrantsStayAMonthAfterTheirEndAndTakeTheirTokensAlong) {
  approve("revoked");
  approve("ended");
  Approval living = sample_approval("consent-living", "living", "code-living");
  living.grant.expires_at = kNow + 365 * 24h;
  ASSERT_TRUE(ok(store_->grants().approve(living)));
  ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-revoked"), sample_tokens("a", "r", "revoked"), kNow)));
  AccessToken lasting = sample_access("lasting", "revoked");
  lasting.expires_at = kNow + 365 * 24h;
  ASSERT_TRUE(ok(store_->grants().add_access(lasting, kNow)));
  ASSERT_TRUE(ok(store_->grants().revoke("revoked", "", kNow)));

  purge(kNow + 30 * 24h - 1ms);
  EXPECT_TRUE(store_->grants().find_grant("revoked").value());
  purge(kNow + 30 * 24h);
  EXPECT_FALSE(store_->grants().find_grant("revoked").value());
  EXPECT_FALSE(store_->grants().find_access(hash_of("lasting")).value());
  EXPECT_TRUE(store_->grants().find_grant("ended").value());
  purge(kNow + 60 * 24h);
  EXPECT_FALSE(store_->grants().find_grant("ended").value());
  EXPECT_TRUE(store_->grants().find_grant("living").value());
}

TEST_P(PurgeContract, UnusedDynamicClientsGoAfterADay) {
  ASSERT_TRUE(ok(store_->clients().add(sample_client("client-1"))));  // has a grant
  approve("1");
  ASSERT_TRUE(ok(store_->clients().add(sample_client("unused", "print"))));
  Client configured = sample_client("configured");
  configured.dynamic = false;
  ASSERT_TRUE(ok(store_->clients().add(configured)));
  purge(kNow + 24h - 1ms);
  EXPECT_EQ(store_->clients().list().value().size(), 3U);
  const auto start = store_->newest_change().value();
  clock_->set(kNow + 24h);
  purge(kNow + 24h);
  EXPECT_TRUE(store_->clients().find("client-1").value());
  EXPECT_TRUE(store_->clients().find("configured").value());
  EXPECT_FALSE(store_->clients().find("unused").value());
  const auto changes = store_->changes_since(start).value();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].subject, "unused");
}

TEST_P(PurgeContract, RegisteringAgainKeepsAClient) {
  ASSERT_TRUE(ok(store_->clients().add(sample_client("first", "print"))));
  Client again = sample_client("second", "print");
  again.created_at = kNow + 23h;
  EXPECT_EQ(store_->clients().add(again).value().id, "first");
  purge(kNow + 25h);
  EXPECT_TRUE(store_->clients().find("first").value());
}

TEST_P(PurgeContract, SessionsFailuresAndChangesGo) {
  ASSERT_TRUE(ok(store_->users().add_session({hash_of("a"), "local:alice", kNow, kNow + 1h})));
  ASSERT_TRUE(ok(store_->users().add_session({hash_of("b"), "local:alice", kNow, kNow + 3h})));
  (void)store_->users().count_failure({"key"}, kNow, 2h);
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "", ""}}})));
  purge(kNow + 1h);
  EXPECT_EQ(store_->users().failures({"key"}, kNow + 1h, 2h).value(), 1);
  EXPECT_EQ(store_->changes_since(0).value().size(), 1U);
  purge(kNow + 2h);
  EXPECT_FALSE(store_->users().find_session(hash_of("a"), kNow).value());
  EXPECT_TRUE(store_->users().find_session(hash_of("b"), kNow).value());
  EXPECT_EQ(store_->users().failures({"key"}, kNow, 24h).value(), 0);
  purge(kNow + 24h);
  EXPECT_EQ(code_of(store_->changes_since(0)), "expired");
}

TEST_P(PurgeContract, MoreRowsThanOneStepTakesAreAllPurged) {
  for (int i = 0; i < 450; ++i) {
    const std::string id = std::to_string(i);
    ASSERT_TRUE(ok(store_->users().add_session({hash_of(id), "u", kNow, i % 3 == 0 ? kNow + 2h : kNow + 1h})));
  }
  purge(kNow + 1h);
  int left = 0;
  for (int i = 0; i < 450; ++i) {
    if (store_->users().find_session(hash_of(std::to_string(i)), kNow).value()) ++left;
  }
  EXPECT_EQ(left, 150);
}

TEST_P(PurgeContract, PurgingNothingIsFine) { purge(kNow); }

}  // namespace
}  // namespace postern::store
