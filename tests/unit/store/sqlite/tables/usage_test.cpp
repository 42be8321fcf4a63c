#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

POSTERN_STORE_CONTRACT(UsageContract);

constexpr Time kDay{Duration{1'799'971'200'000}};  // the day of kNow

Result<void> approve(Store& store, const std::string& name, const std::string& user = "local:alice") {
  auto approval = sample_approval("consent-" + name, name, "code-" + name);
  approval.grant.user = user;
  return store.grants().approve(approval);
}

TEST_P(UsageContract, CallsOfADayAddUpAndTheLastUseOnlyRises) {
  ASSERT_TRUE(ok(approve(*store_, "g1")));
  ASSERT_TRUE(ok(store_->usage().add({{"g1", kDay, 3, kNow + 2min}})));
  ASSERT_TRUE(ok(store_->usage().add({{"g1", kDay, 4, kNow + 1min}, {"g1", kDay + 24h, 5, kNow + 1min}})));
  EXPECT_EQ(store_->usage().calls_of("local:alice", kDay).value(), (std::map<std::string, std::int64_t>{{"g1", 12}}));
  EXPECT_EQ(store_->grants().find_grant("g1").value()->last_used_at, kNow + 2min);
}

TEST_P(UsageContract, CallsBeforeTheDayDoNotCount) {
  ASSERT_TRUE(ok(approve(*store_, "g1")));
  ASSERT_TRUE(ok(store_->usage().add({{"g1", kDay - 24h, 3, kNow}, {"g1", kDay, 4, kNow}})));
  EXPECT_EQ(store_->usage().calls_of("local:alice", kDay).value(), (std::map<std::string, std::int64_t>{{"g1", 4}}));
}

TEST_P(UsageContract, AUserSeesTheirOwnGrantsAlone) {
  ASSERT_TRUE(ok(approve(*store_, "g1")));
  ASSERT_TRUE(ok(approve(*store_, "g2", "local:bob")));
  ASSERT_TRUE(ok(store_->usage().add({{"g1", kDay, 1, kNow}, {"g2", kDay, 2, kNow}})));
  ASSERT_TRUE(ok(store_->usage().put_check({"g2", kNow, ToolCheckOutcome::listed, 7})));
  EXPECT_EQ(store_->usage().calls_of("local:alice", kDay).value(), (std::map<std::string, std::int64_t>{{"g1", 1}}));
  EXPECT_TRUE(store_->usage().checks_of("local:alice").value().empty());
  EXPECT_EQ(store_->usage().checks_of("local:bob").value().size(), 1U);
}

TEST_P(UsageContract, UseWithoutACallMovesTheLastUseAlone) {
  ASSERT_TRUE(ok(approve(*store_, "g1")));
  ASSERT_TRUE(ok(store_->usage().add({{"g1", kDay, 0, kNow}})));
  EXPECT_TRUE(store_->usage().calls_of("local:alice", kDay).value().empty());
  EXPECT_EQ(store_->grants().find_grant("g1").value()->last_used_at, kNow);
}

TEST_P(UsageContract, WhatIsOfAGrantThatIsGoneIsLeftOutAndTheRestCounts) {
  ASSERT_TRUE(ok(approve(*store_, "g1")));
  ASSERT_TRUE(ok(store_->usage().add({{"gone", kDay, 9, kNow}, {"g1", kDay, 1, kNow}})));
  EXPECT_EQ(store_->usage().calls_of("local:alice", kDay).value(), (std::map<std::string, std::int64_t>{{"g1", 1}}));
  EXPECT_EQ(code_of(store_->usage().put_check({"gone", kNow, ToolCheckOutcome::listed, 1})), "not_found");
}

TEST_P(UsageContract, TheLatestCheckTakesThePlaceOfTheOneBefore) {
  ASSERT_TRUE(ok(approve(*store_, "g1")));
  ASSERT_TRUE(ok(store_->usage().put_check({"g1", kNow, ToolCheckOutcome::unreachable, 0})));
  ASSERT_TRUE(ok(store_->usage().put_check({"g1", kNow + 1min, ToolCheckOutcome::listed, 12})));
  const auto checks = store_->usage().checks_of("local:alice").value();
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_EQ(checks.at("g1").at, kNow + 1min);
  EXPECT_EQ(checks.at("g1").outcome, ToolCheckOutcome::listed);
  EXPECT_EQ(checks.at("g1").tools, 12);
}

TEST_P(UsageContract, CountsAreKeptFor31DaysAndGoWithTheirGrant) {
  ASSERT_TRUE(ok(approve(*store_, "g1")));
  ASSERT_TRUE(ok(store_->usage().add({{"g1", kDay, 1, kNow}, {"g1", kDay + 24h, 1, kNow}})));
  ASSERT_TRUE(ok(store_->purge(kDay + 31 * 24h - 1ms)));
  EXPECT_EQ(store_->usage().calls_of("local:alice", kDay).value().at("g1"), 2);
  ASSERT_TRUE(ok(store_->purge(kDay + 31 * 24h)));
  EXPECT_EQ(store_->usage().calls_of("local:alice", kDay).value().at("g1"), 1);
  ASSERT_TRUE(ok(store_->usage().put_check({"g1", kNow, ToolCheckOutcome::listed, 1})));
  ASSERT_TRUE(ok(store_->purge(kNow + 61 * 24h)));
  EXPECT_TRUE(store_->usage().calls_of("local:alice", kDay).value().empty());
  EXPECT_TRUE(store_->usage().checks_of("local:alice").value().empty());
}

TEST_P(UsageContract, ATokenMadeByHandKeepsItsName) {
  Grant grant = sample_grant();
  grant.kind = GrantKind::minted;
  grant.name = "CI \xE2\x9C\x93";
  ASSERT_TRUE(ok(store_->grants().add_minted(grant, sample_access())));
  EXPECT_EQ(store_->grants().find_grant("grant-1").value()->name, "CI \xE2\x9C\x93");
}

}  // namespace
}  // namespace postern::store
