#include "store/sqlite/database/shrink.hpp"

#include "store/sqlite/connection/query.hpp"
#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

constexpr std::uintmax_t kMiB = 1024 * 1024;

class Shrink : public Contract {
 protected:
  std::string path() { return directory_ / "postern.db"; }
  std::uintmax_t size_of(const std::string& suffix) { return std::filesystem::file_size(path() + suffix); }
  std::int64_t ask(const std::string& what) {
    auto db = sqlite::Connection::open(path(), SQLITE_OPEN_READWRITE, "", std::chrono::seconds(1));
    return *sqlite::first(db.value(), sqlite::read_integer, what).value();
  }
  void flood() {
    for (int i = 0; i < 800; ++i) {
      Client client = sample_client("client" + std::to_string(i));
      client.client_uri = std::string(15'000, 'x');
      ASSERT_TRUE(ok(store_->clients().register_client({client, {"203.0.113.1"}, 10'000})));
    }
  }
  void purge_a_day_later() { ASSERT_TRUE(ok(store_->purge(kNow + 25h))); }
};
INSTANTIATE_TEST_SUITE_P(Store, Shrink, testing::ValuesIn(backends()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(Shrink, Attack7WhatAFloodLeftFreeGoesBackToTheFileSystem) {
  ASSERT_TRUE(ok(store_->clients().add(sample_client("client-1"))));
  ASSERT_TRUE(ok(store_->grants().approve(sample_approval())));
  flood();
  EXPECT_GT(size_of("") + size_of("-wal"), 12 * kMiB);
  purge_a_day_later();
  EXPECT_LT(size_of("") + size_of("-wal"), 2 * kMiB);
  EXPECT_TRUE(store_->clients().find("client-1").value());
  EXPECT_EQ(store_->clients().list().value().size(), 1U);
  store_ = open();
  EXPECT_TRUE(store_->grants().find_grant("grant-1").value());
}

TEST_P(Shrink, Attack7AFileOfBeforeThatGaveNothingBackIsWrittenAnewOnce) {
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "Acme", "business"}}})));
  store_.reset();
  {
    auto db = sqlite::Connection::open(path(), SQLITE_OPEN_READWRITE, "", std::chrono::seconds(1));
    ASSERT_TRUE(ok(db.value().execute("PRAGMA auto_vacuum=NONE; VACUUM")));
  }
  ASSERT_EQ(ask("PRAGMA auto_vacuum"), 0);
  store_ = open();
  const auto other_process = open();
  flood();
  purge_a_day_later();
  EXPECT_EQ(ask("PRAGMA auto_vacuum"), 2);
  EXPECT_LT(size_of("") + size_of("-wal"), 2 * kMiB);
  EXPECT_TRUE(other_process->tenants().find("acme").value());
  ASSERT_TRUE(ok(other_process->tenants().apply({.tenants = {{"team", "Team", ""}}})));
  EXPECT_TRUE(store_->tenants().find("team").value());
  flood();
  purge_a_day_later();
  EXPECT_LT(size_of("") + size_of("-wal"), 2 * kMiB);
}

TEST_P(Shrink, Attack7AFileWithLittleToGiveIsLeftAsItIs) {
  ASSERT_TRUE(ok(store_->tenants().apply({.tenants = {{"acme", "Acme", "business"}}})));
  const auto pages = ask("PRAGMA page_count");
  purge_a_day_later();
  EXPECT_EQ(ask("PRAGMA page_count"), pages);
}

}  // namespace
}  // namespace postern::store
