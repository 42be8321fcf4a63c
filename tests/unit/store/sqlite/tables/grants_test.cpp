#include <gmock/gmock.h>

#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

POSTERN_STORE_CONTRACT(GrantsContract);

TEST_P(GrantsContract, ApprovalStoresGrantAndCode) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  const auto found = store_->grants().find_code(hash_of("code-1")).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code.client, "client-1");
  EXPECT_EQ(found->code.redirect_uri, sample_code().redirect_uri);
  EXPECT_EQ(found->code.challenge, sample_code().challenge);
  EXPECT_EQ(found->code.expires_at, kNow + 1min);
  EXPECT_FALSE(found->code.used_at);
  EXPECT_EQ(found->code.failures, 0);
  const Grant& grant = found->grant;
  EXPECT_EQ(grant.id, "grant-1");
  EXPECT_EQ(grant.kind, GrantKind::authorization_code);
  EXPECT_EQ(grant.user, "local:alice");
  EXPECT_EQ(grant.tenant, "acme");
  EXPECT_EQ(grant.client, "client-1");
  EXPECT_EQ(grant.resource, "https://ai.example.test/mcp");
  EXPECT_EQ(grant.scopes, (std::vector<std::string>{"mcp.connect", "skills.read"}));
  EXPECT_EQ(grant.created_at, kNow);
  EXPECT_EQ(grant.expires_at, kNow + 30 * 24h);
  EXPECT_FALSE(grant.revoked_at);
  EXPECT_FALSE(grant.last_used_at);
}

TEST_P(GrantsContract, AConsentIsDecidedOnce) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  EXPECT_EQ(code_of(store_->grants().approve(sample_approval("consent-1", "grant-2", "code-2"))), "conflict");
  EXPECT_EQ(code_of(store_->grants().refuse({"consent-1", kNow + 10min})), "conflict");
  EXPECT_FALSE(store_->grants().find_grant("grant-2").value());
  EXPECT_FALSE(store_->grants().find_code(hash_of("code-2")).value());

  ASSERT_TRUE(ok(store_->grants().refuse({"consent-3", kNow + 10min})));
  EXPECT_EQ(code_of(store_->grants().approve(sample_approval("consent-3", "grant-3", "code-3"))), "conflict");
  EXPECT_FALSE(store_->grants().find_grant("grant-3").value());
}

TEST_P(GrantsContract, AnApprovalThatFailsLeavesTheConsentOpen) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval("consent-1", "grant-1", "code-1"))));
  EXPECT_EQ(code_of(store_->grants().approve(sample_approval("consent-2", "grant-2", "code-1"))), "conflict");
  EXPECT_FALSE(store_->grants().find_grant("grant-2").value());
  EXPECT_TRUE(ok(store_->grants().approve(sample_approval("consent-2", "grant-2", "code-2"))));
}

TEST_P(GrantsContract, ANewGrantLeavesTheOthersOfThatUserAndClientAlone) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval("consent-1", "grant-1", "code-1"))));
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval("consent-2", "grant-2", "code-2"))));
  EXPECT_FALSE(store_->grants().find_grant("grant-1").value()->revoked_at);
}

TEST_P(GrantsContract, MintedTokenIsFoundWithItsGrantAndUser) {
  ASSERT_TRUE(ok(store_->users().add(sample_user())));
  Grant grant = sample_grant();
  grant.kind = GrantKind::minted;
  ASSERT_TRUE(ok(store_->grants().add_minted(grant, sample_access())));
  const auto found = store_->grants().find_access(hash_of("access-1")).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->token.hash, hash_of("access-1"));
  EXPECT_EQ(found->token.scopes, (std::vector<std::string>{"mcp.connect"}));
  EXPECT_EQ(found->token.expires_at, kNow + 10min);
  EXPECT_EQ(found->grant.kind, GrantKind::minted);
  EXPECT_EQ(found->user.name, "Alice");
  EXPECT_EQ(found->user.email, "alice@example.test");
}

TEST_P(GrantsContract, UsersFromElsewhereNeedNoRow) {
  ASSERT_TRUE(ok(store_->grants().add_minted(sample_grant(), sample_access())));
  const auto found = store_->grants().find_access(hash_of("access-1")).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user.key, "local:alice");
  EXPECT_EQ(found->user.name, "");
  EXPECT_FALSE(found->user.disabled);
}

TEST_P(GrantsContract, TokensAndCodesOfAnotherGrantAreRefused) {
  EXPECT_EQ(code_of(store_->grants().add_minted(sample_grant("grant-1"), sample_access("access-1", "grant-2"))),
            "invalid");
  Approval approval = sample_approval();
  approval.code.grant = "grant-2";
  EXPECT_EQ(code_of(store_->grants().approve(approval)), "invalid");
}

TEST_P(GrantsContract, RevokingIsKeptWithTimeAndFirstReason) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  ASSERT_TRUE(ok(store_->grants().revoke("grant-1", "refresh_reuse", kNow + 1s)));
  ASSERT_TRUE(ok(store_->grants().revoke("grant-1", "later", kNow + 2s)));
  const auto grant = store_->grants().find_grant("grant-1").value();
  EXPECT_EQ(grant->revoked_at, kNow + 1s);
  EXPECT_EQ(grant->revoked_reason, "refresh_reuse");
  EXPECT_EQ(code_of(store_->grants().revoke("nothing", "", kNow)), "not_found");
}

TEST_P(GrantsContract, AGrantKnowsWhetherItWasNarrowed) {
  auto wide = sample_grant("grant-1");
  wide.narrowed = false;
  ASSERT_TRUE(ok(store_->grants().add_minted(wide, sample_access("access-1"))));
  ASSERT_TRUE(ok(store_->grants().add_minted(sample_grant("grant-2"), sample_access("access-2", "grant-2"))));
  EXPECT_FALSE(store_->grants().find_access(hash_of("access-1")).value()->grant.narrowed);
  EXPECT_TRUE(store_->grants().find_access(hash_of("access-2")).value()->grant.narrowed);
}

TEST_P(GrantsContract, RevocationSurvivesARestart) {
  ASSERT_TRUE(ok(store_->grants().add_minted(sample_grant(), sample_access())));
  ASSERT_TRUE(ok(store_->grants().revoke("grant-1", "gone", kNow)));
  store_.reset();
  store_ = open();
  EXPECT_TRUE(store_->grants().find_access(hash_of("access-1")).value()->grant.revoked_at);
}

TEST_P(GrantsContract, AccessTokenIsRevokedAlone) {
  ASSERT_TRUE(ok(store_->grants().add_minted(sample_grant(), sample_access("access-1"))));
  ASSERT_TRUE(ok(store_->grants().add_access(sample_access("access-2"), kNow)));
  ASSERT_TRUE(ok(store_->grants().revoke_access(hash_of("access-1"))));
  EXPECT_FALSE(store_->grants().find_access(hash_of("access-1")).value());
  EXPECT_TRUE(store_->grants().find_access(hash_of("access-2")).value());
  EXPECT_FALSE(store_->grants().find_grant("grant-1").value()->revoked_at);
  EXPECT_EQ(code_of(store_->grants().revoke_access(hash_of("access-1"))), "not_found");
}

TEST_P(GrantsContract, ListFiltersByEachAndAll) {
  const auto add = [&](const std::string& id, const std::string& user, const std::string& tenant,
                       const std::string& client) {
    Approval approval = sample_approval("consent-" + id, id, "code-" + id);
    approval.grant.user = user;
    approval.grant.tenant = tenant;
    approval.grant.client = client;
    ASSERT_TRUE(ok(store_->grants().approve(approval)));
  };
  add("1", "alice", "acme", "claude");
  add("2", "alice", "beta", "claude");
  add("3", "bob", "acme", "claude");
  add("4", "alice", "acme", "cursor");
  ASSERT_TRUE(ok(store_->grants().revoke("4", "", kNow)));

  const auto ids = [&](const GrantFilter& filter) {
    std::string joined;
    for (const Grant& grant : store_->grants().list(filter).value()) joined += grant.id;
    return joined;
  };
  EXPECT_EQ(ids({}), "123");
  EXPECT_EQ(ids({.user = {}, .tenant = {}, .client = {}, .revoked_too = true}), "1234");
  EXPECT_EQ(ids({.user = "alice", .tenant = {}, .client = {}}), "12");
  EXPECT_EQ(ids({.user = {}, .tenant = "acme", .client = {}}), "13");
  EXPECT_EQ(ids({.user = {}, .tenant = {}, .client = "cursor", .revoked_too = true}), "4");
  EXPECT_EQ(ids({.user = "alice", .tenant = "acme", .client = "claude", .revoked_too = true}), "1");
  EXPECT_EQ(ids({.user = "", .tenant = {}, .client = {}}), "");
}

TEST_P(GrantsContract, TouchOnlyMovesForward) {
  ASSERT_TRUE(ok(store_->clients().add(sample_client())));
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  ASSERT_TRUE(ok(store_->grants().touch("grant-1", kNow + 2s)));
  ASSERT_TRUE(ok(store_->grants().touch("grant-1", kNow + 1s)));
  EXPECT_EQ(store_->grants().find_grant("grant-1").value()->last_used_at, kNow + 2s);
  EXPECT_EQ(store_->clients().find("client-1").value()->last_used_at, kNow + 2s);
  EXPECT_EQ(code_of(store_->grants().touch("nothing", kNow)), "not_found");
}

TEST_P(GrantsContract, StepUpIsTakenOnceAndInTime) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  EXPECT_FALSE(store_->grants().take_step_up("grant-1", kNow).value());
  ASSERT_TRUE(ok(store_->grants().mark_step_up("grant-1", {kNow, kNow + 30s, {}})));
  EXPECT_TRUE(store_->grants().take_step_up("grant-1", kNow + 29s).value());
  EXPECT_FALSE(store_->grants().take_step_up("grant-1", kNow + 29s).value());
  ASSERT_TRUE(ok(store_->grants().mark_step_up("grant-1", {kNow, kNow + 30s, {}})));
  EXPECT_FALSE(store_->grants().take_step_up("grant-1", kNow + 30s).value());
  EXPECT_EQ(code_of(store_->grants().mark_step_up("nothing", {})), "not_found");
}

TEST_P(GrantsContract, Compat19WhatAStepUpWantsIsPendingWhateverWasTaken) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow)));
  const Parties parties{sample_grant().user, sample_grant().client, sample_grant().resource};
  const auto of_token = [&](Time now) {
    return store_->grants().wanted_by_token(hash_of("access-1"), parties.resource, now).value();
  };
  EXPECT_THAT(of_token(kNow), IsEmpty());
  EXPECT_THAT(store_->grants().wanted_between(parties, kNow).value().wanted, IsEmpty());
  ASSERT_TRUE(ok(store_->grants().mark_step_up("grant-1", {kNow, kNow + 30s, {"a", "b"}})));
  EXPECT_TRUE(store_->grants().take_step_up("grant-1", kNow).value());
  for (const Time now : {kNow, kNow + kStepUpPending - 1ms}) {
    EXPECT_THAT(of_token(now), UnorderedElementsAre("a", "b"));
    EXPECT_THAT(store_->grants().wanted_between(parties, now).value().wanted, UnorderedElementsAre("a", "b"));
  }
  EXPECT_THAT(of_token(kNow + kStepUpPending), IsEmpty());
  EXPECT_THAT(store_->grants().wanted_between(parties, kNow + kStepUpPending).value().wanted, IsEmpty());
}

TEST_P(GrantsContract, Compat19ALaterStepUpJoinsWhatIsPendingAndReplacesWhatIsNot) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  const Parties parties{sample_grant().user, sample_grant().client, sample_grant().resource};
  ASSERT_TRUE(ok(store_->grants().mark_step_up("grant-1", {kNow, kNow, {"a"}})));
  ASSERT_TRUE(ok(store_->grants().mark_step_up("grant-1", {kNow + 9min, kNow, {"a", "b"}})));
  EXPECT_THAT(store_->grants().wanted_between(parties, kNow + 18min).value().wanted, UnorderedElementsAre("a", "b"));
  ASSERT_TRUE(ok(store_->grants().mark_step_up("grant-1", {kNow + 20min, kNow, {"c"}})));
  EXPECT_THAT(store_->grants().wanted_between(parties, kNow + 20min).value().wanted, UnorderedElementsAre("c"));
}

TEST_P(GrantsContract, Compat19APendingStepUpIsOfItsUserClientAndResource) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  ASSERT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow)));
  ASSERT_TRUE(ok(store_->grants().mark_step_up("grant-1", {kNow, kNow, {"a"}})));
  const auto wanted = [&](const Parties& parties) {
    return store_->grants().wanted_between(parties, kNow).value().wanted;
  };
  const Parties parties{sample_grant().user, sample_grant().client, sample_grant().resource};
  EXPECT_THAT(wanted(parties), ElementsAre("a"));
  EXPECT_THAT(wanted({"local:bob", parties.client, parties.resource}), IsEmpty());
  EXPECT_THAT(wanted({parties.user, "client-2", parties.resource}), IsEmpty());
  EXPECT_THAT(wanted({parties.user, parties.client, "https://other.example.test/mcp"}), IsEmpty());
  EXPECT_THAT(store_->grants().wanted_by_token(hash_of("access-1"), "https://other.example.test/mcp", kNow).value(),
              IsEmpty());
  EXPECT_THAT(store_->grants().wanted_by_token(hash_of("unknown"), parties.resource, kNow).value(), IsEmpty());
  ASSERT_TRUE(ok(store_->grants().revoke("grant-1", "test", kNow)));
  EXPECT_THAT(wanted(parties), IsEmpty());
  EXPECT_THAT(store_->grants().wanted_by_token(hash_of("access-1"), parties.resource, kNow).value(), IsEmpty());
}

TEST_P(GrantsContract, Compat19AnAnswerOfTheUserSettlesWhatIsPending) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  const Parties parties{sample_grant().user, sample_grant().client, sample_grant().resource};
  const auto pending = [&] { return !store_->grants().wanted_between(parties, kNow).value().wanted.empty(); };
  const auto mark = [&] { ASSERT_TRUE(ok(store_->grants().mark_step_up("grant-1", {kNow, kNow, {"a"}}))); };
  mark();
  ASSERT_TRUE(ok(store_->grants().refuse({"consent-2", kNow + 10min})));
  EXPECT_TRUE(pending()) << "it was not on that page";
  ASSERT_TRUE(ok(store_->grants().refuse({"consent-2b", kNow + 10min, parties, {"b"}})));
  EXPECT_TRUE(pending()) << "that page was about something else";
  ASSERT_TRUE(ok(store_->grants().refuse({"consent-3", kNow + 10min, parties, {"a", "b"}})));
  EXPECT_FALSE(pending());
  mark();
  auto approval = sample_approval("consent-4", "grant-4", "code-4");
  ASSERT_TRUE(ok(store_->grants().approve(approval)));
  EXPECT_TRUE(pending());
  approval = sample_approval("consent-5", "grant-5", "code-5");
  approval.settles = {"a"};
  ASSERT_TRUE(ok(store_->grants().approve(approval)));
  EXPECT_FALSE(pending());
  mark();
  EXPECT_EQ(code_of(store_->grants().refuse({"consent-5", kNow + 10min, parties, {"a"}})), "conflict");
  EXPECT_TRUE(pending()) << "a page that was answered before settles nothing more";
}

}  // namespace
}  // namespace postern::store
