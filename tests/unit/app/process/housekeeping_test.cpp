#include "app/process/housekeeping.hpp"

#include <gmock/gmock.h>

#include "store/claim.hpp"
#include "unit/app/process/running.hpp"
#include "unit/store/contract.hpp"

namespace postern::app {
namespace {

using namespace std::chrono_literals;
using store::ok;
using testing::HasSubstr;
using testing::Not;

class HousekeepingTest : public Running {
 protected:
  std::unique_ptr<Process> process_ = open(load());
  Housekeeping housekeeping_{*process_};
};

TEST_F(HousekeepingTest, TellsHowManyRefusalsWereNotLogged) {
  const auto now = std::chrono::steady_clock::now();
  int left_out = 0;
  for (int i = 0; i < 1000; ++i) {
    left_out += process_->counters.refusals.admits(telemetry::StrangerLine::refused, "192.0.2.1", now) ? 0 : 1;
  }
  housekeeping_.tick();
  housekeeping_.finish();
  const auto said = log_of(*process_);
  ASSERT_GT(left_out, 0);
  EXPECT_THAT(said, HasSubstr("\"refused\":" + std::to_string(left_out)));
  EXPECT_EQ(said.find("requests_not_logged"), said.rfind("requests_not_logged")) << "told twice:\n" << said;
}

TEST_F(HousekeepingTest, SaysNothingWhenThereIsNothingToSay) {
  housekeeping_.tick();
  housekeeping_.finish();
  const auto said = log_of(*process_);
  EXPECT_THAT(said, Not(HasSubstr("requests_not_logged")));
  EXPECT_THAT(said, Not(HasSubstr("usage_not_kept")));
  EXPECT_THAT(said, Not(HasSubstr("store_claim_lost")));
}

TEST_F(HousekeepingTest, WhatWasCountedIsInTheStoreAtTheEnd) {
  auto& store = *process_->store;
  ASSERT_TRUE(ok(store.grants().approve(store::sample_approval("consent-1", "g1", "code-1"))));
  const auto now = store::kNow;
  process_->usage.count("g1", true, now);
  process_->usage.count("g1", true, now);
  process_->stop_pools();
  housekeeping_.finish();
  EXPECT_EQ(store.usage().calls_of("local:alice", now - 24h).value(), (std::map<std::string, std::int64_t>{{"g1", 2}}));
}

TEST_F(HousekeepingTest, TellsOnceThatAnotherProcessTookTheStore) {
  std::filesystem::remove(directory_ / "postern.db.lock");
  const auto taken = store::claim_store("sqlite:" + (directory_ / "postern.db"));
  ASSERT_TRUE(ok(taken));
  housekeeping_.tick();
  housekeeping_.tick();
  const auto said = log_of(*process_);
  EXPECT_THAT(said, HasSubstr("store_claim_lost"));
  EXPECT_EQ(said.find("store_claim_lost"), said.rfind("store_claim_lost")) << said;
}

TEST_F(HousekeepingTest, MakesTheFileOfItsClaimAgain) {
  std::filesystem::remove(directory_ / "postern.db.lock");
  housekeeping_.tick();
  EXPECT_FALSE(store::claim_store("sqlite:" + (directory_ / "postern.db")));
  EXPECT_THAT(log_of(*process_), Not(HasSubstr("store_claim_lost")));
}

}  // namespace
}  // namespace postern::app
