#include <thread>

#include "unit/store/contract.hpp"
#include "unit/store/fault_vfs.hpp"

namespace postern::store {
namespace {

class FaultTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    sqlite::Options options;
    options.vfs = vfs_.name();
    options.look_every = 1ms;
    return std::move(sqlite::open(directory_ / "postern.db", options).value().store);
  }

  // The store finds out by itself: nobody has to write.
  void wait_until_over() {
    while (!store_->fault().empty()) std::this_thread::yield();
  }

  TemporaryDirectory directory_;
  FaultVfs vfs_;
  std::unique_ptr<Store> store_ = open();
};

TEST_F(FaultTest, AFullDiskLeavesReadsRunning) {
  ASSERT_TRUE(ok(store_->grants().add_minted(sample_grant(), sample_access())));
  vfs_.full = true;
  EXPECT_EQ(code_of(store_->grants().add_access(sample_access("access-2"), kNow)), "unavailable");
  EXPECT_TRUE(store_->grants().find_access(hash_of("access-1")).value());
  EXPECT_FALSE(store_->grants().find_access(hash_of("access-2")).value());
  vfs_.full = false;
  wait_until_over();
  EXPECT_TRUE(ok(store_->grants().add_access(sample_access("access-2"), kNow)));
}

// Readiness must come back by itself: while it is denied, no request comes that would try a write.
TEST_F(FaultTest, Attack8PingFailsWithTheFaultUntilTheStoreCanBeWrittenAgain) {
  ASSERT_TRUE(ok(store_->ping()));
  for (auto* fault : {&vfs_.sync_fails, &vfs_.full}) {
    *fault = true;
    EXPECT_EQ(code_of(store_->tenants().apply({.tenants = {{"acme", "", ""}}})), "unavailable");
    EXPECT_EQ(store_->ping().error().what, store_->fault());
    EXPECT_EQ(code_of(store_->ping()), "unavailable");
    *fault = false;
    wait_until_over();
    EXPECT_TRUE(ok(store_->ping()));
  }
  EXPECT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "", ""}}})));
}

TEST_F(FaultTest, ACodeWhoseRedemptionCouldNotBeStoredIsStillGood) {
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  vfs_.sync_fails = true;
  EXPECT_EQ(code_of(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow)), "unavailable");
  vfs_.sync_fails = false;
  wait_until_over();
  EXPECT_FALSE(store_->grants().find_code(hash_of("code-1")).value()->code.used_at);
  EXPECT_TRUE(ok(store_->grants().redeem_code(hash_of("code-1"), sample_tokens(), kNow)));
}

TEST_F(FaultTest, WhatWasAcknowledgedBeforeAFaultIsThereAfterARestart) {
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"before", "", ""}}})));
  vfs_.sync_fails = true;
  EXPECT_FALSE(ok(store_->tenants().apply({.tenants = {{"during", "", ""}}})));
  store_.reset();
  vfs_.sync_fails = false;
  store_ = open();
  EXPECT_TRUE(store_->tenants().find("before").value());
}

// Also where the file could be made and not be opened, so that the writer is between two files.
TEST_F(FaultTest, Attack8ADatabaseThatIsDeletedIsWrittenAgainOnceTheDiskTakesIt) {
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"before", "", ""}}})));
  int round = 0;
  for (auto* fault : {&vfs_.full, &vfs_.store_sync_fails}) {
    *fault = true;
    const bool is_made = fault == &vfs_.store_sync_fails;
    std::filesystem::remove(directory_ / "postern.db");
    while (store_->fault().empty() || std::filesystem::exists(directory_ / "postern.db") != is_made) {
      std::this_thread::yield();
    }
    EXPECT_EQ(code_of(store_->tenants().apply({.tenants = {{"refused", "", ""}}})), "unavailable");
    EXPECT_TRUE(store_->tenants().find("before").value());
    *fault = false;
    wait_until_over();
    EXPECT_TRUE(ok(store_->tenants().apply({.tenants = {{"after" + std::to_string(++round), "", ""}}})));
  }
  store_.reset();
  store_ = open();
  EXPECT_EQ(store_->tenants().list().value().size(), 3U);
}

TEST_F(FaultTest, ReadsRecover) {
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "", ""}}})));
  ASSERT_TRUE(ok(store_->ping()));
  vfs_.reads_fail = true;
  // Pages may be cached: only what comes after is to be seen.
  (void)store_->tenants().find("acme");
  (void)store_->clients().list();
  vfs_.reads_fail = false;
  EXPECT_TRUE(store_->tenants().find("acme").value());
  EXPECT_TRUE(ok(store_->clients().list()));
}

}  // namespace
}  // namespace postern::store
