#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "store/sqlite/connection/connection.hpp"
#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

class OpenTest : public testing::Test {
 protected:
  Result<OpenedStore> open() { return open_store("sqlite:" + path_); }
  // The one sentence it is refused with.
  std::string refusal() {
    const auto opened = open();
    return opened ? "opened" : opened.error().what;
  }
  std::string refusal(const std::string& durability) {
    sqlite::Options options;
    options.durability = durability;
    const auto opened = sqlite::open(path_, options);
    return opened ? "opened" : opened.error().what;
  }
  void sql(const std::string& text) {
    auto db = sqlite::Connection::open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "", std::chrono::seconds(1));
    ASSERT_TRUE(ok(db.value().execute(text)));
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  }
  // What the schemas from the sixth on brought.
  void forget_newer() {
    sql("DROP TABLE clock; DROP TABLE unused_clients; DROP TABLE unused_networks; DROP TABLE known_networks; DROP "
        "TABLE "
        "usage; DROP TABLE tool_checks; ALTER TABLE grants DROP COLUMN name; "
        "ALTER TABLE clients DROP COLUMN introspects; ALTER TABLE grants DROP COLUMN step_up_wanted; "
        "ALTER TABLE grants DROP COLUMN step_up_pending_until");
  }
  static unsigned mode(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "postern.db";
};

TEST_F(OpenTest, MakesFilesThatOnlyTheOwnerReads) {
  path_ = directory_ / "postern-data/postern.db";
  const auto opened = open();
  ASSERT_TRUE(ok(opened));
  ASSERT_TRUE(ok(opened->store->tenants().apply({.tenants = {{"acme", "", ""}}})));
  EXPECT_EQ(mode(directory_ / "postern-data"), 0700U);
  for (const std::string suffix : {"", "-wal", "-shm", ".key"}) EXPECT_EQ(mode(path_ + suffix), 0600U) << suffix;
}

TEST_F(OpenTest, KeepsItsMasterKey) {
  const std::string key = open().value().master_key;
  EXPECT_EQ(key.size(), 32U);
  EXPECT_EQ(open().value().master_key, key);
  path_ = directory_ / "other.db";
  EXPECT_NE(open().value().master_key, key);
  // Nothing left of how they were made.
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ / ""))
    files += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(files, 4);
}

TEST_F(OpenTest, ManyMayOpenANewStoreAtOnce) {
  std::vector<std::string> keys(8);
  std::vector<std::thread> threads;
  for (auto& key : keys) {
    threads.emplace_back([&] {
      auto opened = open();
      EXPECT_TRUE(ok(opened));
      if (opened) key = opened->master_key;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(keys, std::vector<std::string>(8, keys[0]));
}

TEST_F(OpenTest, APathIsAPathWhateverItLooksLike) {
  for (const std::string name : {"file:x?mode=memory", ":memory:", "a b%20c#d.db"}) {
    path_ = directory_ / name;
    ASSERT_TRUE(ok(open().value().store->tenants().apply({.tenants = {{"acme", "", ""}}})));
    EXPECT_TRUE(std::filesystem::exists(path_)) << name;
    EXPECT_TRUE(open().value().store->tenants().find("acme").value()) << name;
  }
}

TEST_F(OpenTest, AnEmptyFileBecomesAStore) {
  std::ofstream(path_).close();
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  EXPECT_TRUE(ok(open()));
}

TEST_F(OpenTest, RefusesOtherUrls) {
  for (const std::string url :
       {"", "sqlite", "sqlite:", "sqlite:dir/", "postgresql://host/db", "/var/lib/postern.db"}) {
    EXPECT_EQ(code_of(open_store(url)), "invalid") << url;
  }
}

TEST_F(OpenTest, RefusesAMissingDirectory) {
  path_ = directory_ / "a/b/postern.db";
  EXPECT_EQ(refusal(), "the directory " + (directory_ / "a/b") + " does not exist");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "a"));
}

TEST_F(OpenTest, RefusesADirectoryThatIsAFile) {
  std::ofstream(directory_ / "a").close();
  path_ = directory_ / "a/postern.db";
  EXPECT_EQ(refusal(), (directory_ / "a") + " is not a directory");
}

TEST_F(OpenTest, RefusesAFileThatIsADirectory) {
  std::filesystem::create_directory(path_);
  EXPECT_EQ(refusal(), path_ + " is not a plain file");
}

TEST_F(OpenTest, RefusesAFileThatOthersMayRead) {
  ASSERT_TRUE(ok(open()));
  for (const mode_t mode : {0640U, 0604U, 0660U, 0602U, 0644U}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_EQ(refusal(), path_ + " may be read by others than its owner; run: chmod 600 " + path_) << mode;
  }
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  EXPECT_TRUE(ok(open()));
}

TEST_F(OpenTest, RefusesAReadOnlyFile) {
  ASSERT_TRUE(ok(open()));
  ASSERT_EQ(::chmod(path_.c_str(), 0400), 0);
  EXPECT_EQ(refusal(), path_ + " is read-only; run: chmod 600 " + path_);
}

TEST_F(OpenTest, RefusesWhatIsNoDatabase) {
  std::ofstream(path_) << std::string(8192, 'x');
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), path_ + " is not a database");
  // It is left as it was.
  EXPECT_EQ(std::filesystem::file_size(path_), 8192U);
}

TEST_F(OpenTest, RefusesAnotherProgramsDatabase) {
  sql("CREATE TABLE theirs (x)");
  EXPECT_EQ(refusal(), path_ + " is a database of another program");
}

TEST_F(OpenTest, RefusesANewerSchema) {
  ASSERT_TRUE(ok(open()));
  sql("PRAGMA user_version=99");
  EXPECT_EQ(refusal(), path_ + " has schema 99, this program knows up to 12; use a newer postern");
}

TEST_F(OpenTest, AStoreOfTheFirstSchemaIsCarriedOn) {
  {
    auto opened = open();
    ASSERT_TRUE(ok(opened));
    ASSERT_TRUE(ok(opened->store->clients().add(sample_client())));
  }
  sql("DROP TABLE signing_keys; DROP TABLE used_once; ALTER TABLE memberships DROP COLUMN claimed; ALTER TABLE grants "
      "DROP COLUMN narrowed; "
      "PRAGMA user_version=1");
  forget_newer();
  for (const std::string column : {"issuer", "jwks", "jwks_uri", "tenant", "role", "resource"})
    sql("ALTER TABLE clients DROP COLUMN " + column);
  auto opened = open();
  ASSERT_TRUE(ok(opened));
  const auto client = opened->store->clients().find("client-1").value();
  ASSERT_TRUE(client);
  EXPECT_EQ(client->issuer, "");
  EXPECT_EQ(client->redirect_uris, sample_client().redirect_uris);
}

TEST_F(OpenTest, Attack13NothingWasDeletedAfterTheNewestTimeInAStoreOfBefore) {
  {
    auto opened = open();
    ASSERT_TRUE(ok(opened));
    auto grant = sample_grant();
    grant.created_at = kNow + 365 * 24h;
    ASSERT_TRUE(ok(opened->store->grants().add_minted(grant, sample_access())));
  }
  sql("DROP TABLE clock; PRAGMA user_version=10");
  auto opened = open();
  ASSERT_TRUE(ok(opened));
  const auto kept = opened->store->kept_time().value();
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->deleted_until, kNow + 365 * 24h);
  EXPECT_FALSE(kept->relied_on);
}

TEST_F(OpenTest, AStoreOfBeforeThereWereKeysIsCarriedOn) {
  {
    auto opened = open();
    ASSERT_TRUE(ok(opened));
    ASSERT_TRUE(ok(opened->store->clients().add(sample_client())));
  }
  forget_newer();
  sql("DROP TABLE signing_keys; DROP TABLE used_once; ALTER TABLE clients DROP COLUMN jwks; "
      "ALTER TABLE clients DROP COLUMN jwks_uri; ALTER TABLE clients DROP COLUMN tenant; "
      "ALTER TABLE clients DROP COLUMN role; ALTER TABLE clients DROP COLUMN resource; "
      "ALTER TABLE memberships DROP COLUMN claimed; ALTER TABLE grants DROP COLUMN narrowed; PRAGMA user_version=2");
  auto opened = open();
  ASSERT_TRUE(ok(opened));
  const auto client = opened->store->clients().find("client-1").value();
  ASSERT_TRUE(client);
  EXPECT_EQ(client->jwks, "");
  EXPECT_EQ(client->redirect_uris, sample_client().redirect_uris);
  EXPECT_TRUE(opened->store->keys().list("https://ai.example.test").value().empty());
  EXPECT_TRUE(ok(opened->store->clients().use_once(hash_of("jti"), kNow)));
}

TEST_F(OpenTest, MembershipsOfBeforeThereWereProvidersAreAnOperators) {
  {
    auto opened = open();
    ASSERT_TRUE(ok(opened));
    ASSERT_TRUE(ok(opened->store->tenants().apply({.members = {{"entra:carol", "acme", "admin"}}})));
  }
  forget_newer();
  sql("ALTER TABLE memberships DROP COLUMN claimed; ALTER TABLE grants DROP COLUMN narrowed; PRAGMA user_version=3");
  auto opened = open();
  ASSERT_TRUE(ok(opened));
  User carol = sample_user("entra:carol");
  ASSERT_TRUE(ok(opened->store->users().sign_in_elsewhere(carol, {})));
  EXPECT_EQ(opened->store->tenants().memberships_of("entra:carol").value().size(), 1U);
}

TEST_F(OpenTest, GrantsOfBeforeItMatteredWhatWasAskedForGetNoMoreThanTheyHold) {
  {
    auto opened = open();
    ASSERT_TRUE(ok(opened));
    ASSERT_TRUE(ok(opened->store->grants().add_minted(sample_grant(), sample_access())));
  }
  forget_newer();
  sql("ALTER TABLE grants DROP COLUMN narrowed; PRAGMA user_version=4");
  auto opened = open();
  ASSERT_TRUE(ok(opened));
  EXPECT_TRUE(opened->store->grants().find_grant("grant-1").value()->narrowed);
}

TEST_F(OpenTest, RefusesADamagedPage) {
  {
    auto opened = open();
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(ok(
          opened->store->tenants().apply({.tenants = {{"tenant-" + std::to_string(i), std::string(100, 'n'), ""}}})));
    }
  }
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto pages = std::filesystem::file_size(path_) / 4096;
  int refused = 0;
  for (std::uintmax_t page = 1; page < pages; ++page) {
    const std::string damaged = directory_ / ("damaged-" + std::to_string(page) + ".db");
    std::filesystem::copy_file(path_, damaged);
    {
      std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(page * 4096));
      file << std::string(4096, '\xff');
    }
    const auto opened = open_store("sqlite:" + damaged);
    if (!opened && opened.error().what.starts_with(damaged + " is damaged; restore it from a backup")) ++refused;
  }
  EXPECT_EQ(refused, static_cast<int>(pages) - 1);
}

TEST_F(OpenTest, RefusesACutFile) {
  {
    auto opened = open();
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(ok(
          opened->store->tenants().apply({.tenants = {{"tenant-" + std::to_string(i), std::string(100, 'n'), ""}}})));
    }
  }
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  EXPECT_TRUE(refusal().starts_with(path_ + " is damaged; restore it from a backup")) << refusal();
}

TEST_F(OpenTest, RefusesAConnectionThatIsNotDurable) {
  EXPECT_EQ(refusal("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"),
            path_ + " cannot be kept with synchronous=FULL; acknowledged data could be lost");
  EXPECT_EQ(refusal("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"),
            path_ + " cannot be kept with synchronous=FULL; acknowledged data could be lost");
  EXPECT_EQ(refusal("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL"),
            path_ + " cannot be kept in WAL mode (it is in mode delete); put it on a local disk");
}

TEST_F(OpenTest, RefusesALockedStore) {
  ASSERT_TRUE(ok(open()));
  auto db = sqlite::Connection::open(path_, SQLITE_OPEN_READWRITE, "", std::chrono::seconds(1));
  ASSERT_TRUE(ok(db.value().execute("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; PRAGMA user_version=1")));
  sqlite::Options options;
  options.busy_timeout = std::chrono::milliseconds(10);
  const auto opened = sqlite::open(path_, options);
  EXPECT_EQ(code_of(opened), "unavailable");
  EXPECT_EQ(opened.error().what, path_ + " is locked by another program");
}

TEST_F(OpenTest, RefusesAKeyOfTheWrongSizeOrReadByOthers) {
  const std::string key = path_ + ".key";
  ASSERT_TRUE(ok(open()));
  ASSERT_EQ(::chmod(key.c_str(), 0640), 0);
  EXPECT_EQ(refusal(), key + " may be read by others than its owner; run: chmod 600 " + key);
  ASSERT_EQ(::chmod(key.c_str(), 0600), 0);
  for (const std::uintmax_t size : {0U, 31U, 33U}) {
    std::filesystem::resize_file(key, size);
    EXPECT_TRUE(refusal().starts_with(key + " is not a key of 32 bytes: restore the file")) << refusal();
  }
}

TEST_F(OpenTest, WhatWouldBeRefusedIsFoundWithoutMakingAnything) {
  const auto found = [this] {
    const auto checked = check_store("sqlite:" + path_);
    return checked ? "nothing" : checked.error().what;
  };
  const auto exists = [this] { return store_exists("sqlite:" + path_).value(); };
  EXPECT_EQ(found(), "nothing");
  EXPECT_FALSE(exists());
  EXPECT_FALSE(std::filesystem::exists(path_));
  {
    const auto opened = open();
    ASSERT_TRUE(ok(opened));
    EXPECT_TRUE(opened->made);
    EXPECT_EQ(found(), "nothing") << "while it is open";
  }
  EXPECT_TRUE(exists());
  EXPECT_FALSE(open()->made);
  const std::string kept = directory_ / "kept";
  std::filesystem::rename(path_ + ".key", kept);
  EXPECT_EQ(found(), refusal());
  EXPECT_NE(found().find("replace-lost"), std::string::npos) << found();
  std::filesystem::rename(kept, path_ + ".key");
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  EXPECT_EQ(found(), refusal());
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  std::ofstream(path_) << "something else, of more than sixteen bytes";
  EXPECT_EQ(found(), path_ + " is not a database");
  EXPECT_EQ(found(), refusal());
  path_ = directory_ / "no/such/postern.db";
  EXPECT_EQ(found(), "the directory " + (directory_ / "no/such") + " does not exist");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "no"));
}

}  // namespace
}  // namespace postern::store
