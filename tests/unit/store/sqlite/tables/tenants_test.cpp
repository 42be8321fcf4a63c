#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

POSTERN_STORE_CONTRACT(TenantsContract);

TEST_P(TenantsContract, AnEditAddsAndReplaces) {
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "Acme", "business"}}})));
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "Acme Inc.", "agency"}}})));
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"zeta", "Zeta", ""}}})));
  const auto found = store_->tenants().find("acme").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "Acme Inc.");
  EXPECT_EQ(found->plan, "agency");
  EXPECT_EQ(store_->tenants().list().value().size(), 2U);
  EXPECT_FALSE(store_->tenants().find("ACME").value());
}

TEST_P(TenantsContract, ManyArePutAtOnceAndOnlyWhatChangesIsHeardOf) {
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "Acme", ""}}})));
  const TenantEdits edits{{{"acme", "Acme Inc.", "business"}, {"beta", "Beta", ""}},
                          {{"local:alice", "acme", "admin"}, {"local:bob", "beta", ""}}};
  EXPECT_EQ(store_->tenants().apply(edits).value(), 4);
  EXPECT_EQ(store_->tenants().find("acme").value()->plan, "business");
  EXPECT_EQ(store_->tenants().membership("local:alice", "acme").value()->role, "admin");
  EXPECT_FALSE(store_->tenants().membership("local:alice", "beta").value());
  const auto newest = store_->newest_change().value();
  EXPECT_EQ(store_->tenants().apply(edits).value(), 0);
  EXPECT_EQ(store_->newest_change().value(), newest);
  EXPECT_EQ(store_->tenants().apply({.members = {{"local:alice", "acme", "viewer"}}}).value(), 1);
  EXPECT_EQ(store_->changes_since(newest).value().size(), 1U);
}

TEST_P(TenantsContract, WhatIsNotGivenStaysAndWhatIsGivenEmptyIsCleared) {
  auto& tenants = store_->tenants();
  ASSERT_TRUE(ok(tenants.apply({{{"acme", "Acme", "business"}}, {{"local:alice", "acme", "admin"}}})));
  const auto newest = store_->newest_change().value();
  EXPECT_EQ(tenants.apply({{{"acme", {}, {}}}, {{"local:alice", "acme", {}}}}).value(), 0);
  EXPECT_EQ(store_->newest_change().value(), newest) << "what is as it was is no change";
  EXPECT_EQ(tenants.apply({.tenants = {{"acme", "Acme Inc.", {}}}}).value(), 1);
  EXPECT_EQ(tenants.find("acme").value()->name, "Acme Inc.");
  EXPECT_EQ(tenants.find("acme").value()->plan, "business");
  EXPECT_EQ(tenants.membership("local:alice", "acme").value()->role, "admin");
  EXPECT_EQ(tenants.apply({{{"acme", {}, ""}}, {{"local:alice", "acme", ""}}}).value(), 2);
  EXPECT_EQ(tenants.find("acme").value()->name, "Acme Inc.");
  EXPECT_EQ(tenants.find("acme").value()->plan, "");
  EXPECT_EQ(tenants.membership("local:alice", "acme").value()->role, "");
}

TEST_P(TenantsContract, OfWhatIsNewTheNameIsTheHandleAndThereIsNoPlanOrRole) {
  auto& tenants = store_->tenants();
  ASSERT_EQ(tenants.apply({{{"acme", {}, {}}}, {{"local:alice", "acme", {}}}}).value(), 2);
  EXPECT_EQ(tenants.find("acme").value()->name, "acme");
  EXPECT_EQ(tenants.find("acme").value()->plan, "");
  EXPECT_EQ(tenants.membership("local:alice", "acme").value()->role, "");
}

TEST_P(TenantsContract, ATenantThatHadToBeThereOrNotLeavesNothingOfTheEdits) {
  auto& tenants = store_->tenants();
  ASSERT_TRUE(ok(tenants.apply({.tenants = {{"acme", "Acme", ""}}})));
  const TenantEdits again{{{"beta", "Beta", ""}, {"acme", "Other", "", Presence::absent}}, {}};
  EXPECT_EQ(code_of(tenants.apply(again)), "conflict");
  const TenantEdits missing{{{"beta", "Beta", ""}, {"gone", "Gone", "", Presence::present}}, {}};
  EXPECT_EQ(code_of(tenants.apply(missing)), "not_found");
  ASSERT_EQ(tenants.list().value().size(), 1U);
  EXPECT_EQ(tenants.find("acme").value()->name, "Acme");
  EXPECT_TRUE(ok(tenants.apply({.tenants = {{"beta", "Beta", "", Presence::absent}}})));
  EXPECT_TRUE(ok(tenants.apply({.tenants = {{"beta", "Beta 2", "", Presence::present}}})));
}

TEST_P(TenantsContract, AListNamesTheTenantsThatItChangesUnlessTheyAreMany) {
  const auto told = [&](const std::vector<TenantEdit>& tenants) {
    const auto newest = store_->newest_change().value();
    EXPECT_TRUE(ok(store_->tenants().apply({.tenants = tenants})));
    std::vector<std::string> handles;
    for (const auto& change : store_->changes_since(newest).value()) {
      EXPECT_EQ(change.kind, ChangeKind::tenant);
      handles.push_back(change.subject);
    }
    return handles;
  };
  EXPECT_EQ(told({{"acme", "Acme", ""}, {"beta", "Beta", ""}}), (std::vector<std::string>{"acme", "beta"}));
  EXPECT_EQ(told({{"acme", "Acme", ""}, {"beta", "Beta", "pro"}}), (std::vector<std::string>{"beta"}));
  std::vector<TenantEdit> many;
  for (int i = 0; i < 1'001; ++i) many.push_back({"t" + std::to_string(i), "", ""});
  EXPECT_EQ(told(many), (std::vector<std::string>{""}));
}

TEST_P(TenantsContract, MembersHaveOneRoleEach) {
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"local:alice", "acme", "viewer"}}})));
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"local:alice", "acme", "admin"}}})));
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"local:alice", "beta", ""}}})));
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"local:bob", "acme", "viewer"}}})));
  const auto of_alice = store_->tenants().memberships_of("local:alice").value();
  ASSERT_EQ(of_alice.size(), 2U);
  EXPECT_EQ(of_alice[0].tenant, "acme");
  EXPECT_EQ(of_alice[0].role, "admin");
  EXPECT_EQ(of_alice[1].tenant, "beta");
  const auto of_acme = store_->tenants().members_of("acme").value();
  ASSERT_EQ(of_acme.size(), 2U);
  EXPECT_EQ(of_acme[1].user, "local:bob");
}

TEST_P(TenantsContract, RemovingTakesMembersAndGrantsAlong) {
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "Acme", ""}}})));
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"local:alice", "acme", ""}}})));
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"local:alice", "beta", ""}}})));
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval("c1", "here", "code-1"))));
  Approval elsewhere = sample_approval("c2", "there", "code-2");
  elsewhere.grant.tenant = "beta";
  ASSERT_TRUE(ok(store_->grants().approve(elsewhere)));

  ASSERT_TRUE(ok(store_->tenants().remove("acme")));
  EXPECT_FALSE(store_->tenants().find("acme").value());
  EXPECT_TRUE(store_->tenants().members_of("acme").value().empty());
  EXPECT_EQ(store_->tenants().memberships_of("local:alice").value().size(), 1U);
  EXPECT_TRUE(store_->grants().find_grant("here").value()->revoked_at);
  EXPECT_FALSE(store_->grants().find_grant("there").value()->revoked_at);
  EXPECT_EQ(code_of(store_->tenants().remove("acme")), "not_found");
}

TEST_P(TenantsContract, RemovingAMemberEndsThatUsersGrantsThere) {
  ASSERT_TRUE(ok(store_->tenants().apply({.members = {{"local:alice", "acme", ""}}})));
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval("c1", "hers", "code-1"))));
  Approval elsewhere = sample_approval("c2", "elsewhere", "code-2");
  elsewhere.grant.tenant = "beta";
  ASSERT_TRUE(ok(store_->grants().approve(elsewhere)));
  Approval others = sample_approval("c3", "others", "code-3");
  others.grant.user = "local:bob";
  ASSERT_TRUE(ok(store_->grants().approve(others)));

  ASSERT_TRUE(ok(store_->tenants().remove_member("local:alice", "acme")));
  EXPECT_TRUE(store_->tenants().memberships_of("local:alice").value().empty());
  EXPECT_TRUE(store_->grants().find_grant("hers").value()->revoked_at);
  EXPECT_FALSE(store_->grants().find_grant("elsewhere").value()->revoked_at);
  EXPECT_FALSE(store_->grants().find_grant("others").value()->revoked_at);
  EXPECT_EQ(code_of(store_->tenants().remove_member("local:alice", "acme")), "not_found");
}

}  // namespace
}  // namespace postern::store
