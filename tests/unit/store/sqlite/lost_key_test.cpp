#include "store/lost_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "store/claim.hpp"
#include "store/sqlite/connection/connection.hpp"
#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

class LostKeyTest : public testing::Test {
 protected:
  Result<OpenedStore> open() { return open_store(url_); }
  std::string refusal() {
    const auto opened = open();
    return opened ? "opened" : opened.error().what;
  }

  static SigningKey key_of(const std::string& issuer) {
    SigningKey key;
    key.id = "key of " + issuer;
    key.issuer = issuer;
    key.algorithm = "ES256";
    key.sealed = "sealed";
    return key;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "postern.db";
  std::string key_ = path_ + ".key";
  std::string url_ = "sqlite:" + path_;
};

TEST_F(LostKeyTest, AStoreWhoseKeyIsGoneIsRefusedAndKeepsWaitingForIt) {
  const std::string made_with = open().value().master_key;
  const std::string elsewhere = directory_ / "elsewhere";
  std::filesystem::rename(key_, elsewhere);
  for (int again = 0; again < 2; ++again) {
    EXPECT_TRUE(refusal().starts_with("the store " + path_ + " was made with a key, and " + key_ + " is gone: restore"))
        << refusal();
    EXPECT_NE(refusal().find("`postern keys replace-lost -c FILE`"), std::string::npos);
    EXPECT_NE(refusal().find("`--store " + url_ + "`"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(key_));
  }
  std::filesystem::rename(elsewhere, key_);
  EXPECT_EQ(open().value().master_key, made_with);
}

TEST_F(LostKeyTest, AStoreThatWasOnlyBegunHasLostNothing) {
  // What a process leaves that is killed before it made the key, and before it made the schema.
  std::ofstream(path_).close();
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  const std::string made_with = open().value().master_key;
  std::filesystem::remove(path_);
  EXPECT_EQ(open().value().master_key, made_with);
}

TEST_F(LostKeyTest, ReplacingItTakesWhatOnlyItOpened) {
  const std::string made_with = open().value().master_key;
  {
    const auto opened = open();
    User alice;
    alice.key = "local:alice";
    ASSERT_TRUE(ok(opened->store->users().add(alice)));
    ASSERT_TRUE(ok(opened->store->keys().add_first(key_of("https://a.example"))));
    ASSERT_TRUE(ok(opened->store->keys().add_first(key_of("https://b.example"))));
  }
  std::filesystem::remove(key_);
  const auto replaced = replace_lost_key(url_);
  ASSERT_TRUE(ok(replaced));
  EXPECT_EQ(replaced->signing_keys, 2);
  EXPECT_EQ(replaced->key_file, key_);
  EXPECT_EQ(replaced->kept, "");
  const auto opened = open();
  ASSERT_TRUE(ok(opened));
  EXPECT_NE(opened->master_key, made_with);
  EXPECT_TRUE(opened->store->keys().list("https://a.example").value().empty());
  EXPECT_EQ(opened->store->users().list().value().size(), 1U);
}

TEST_F(LostKeyTest, AFileThatIsNoKeyIsMovedAside) {
  ASSERT_TRUE(ok(open()));
  std::filesystem::resize_file(key_, 31);
  const auto replaced = replace_lost_key(url_);
  ASSERT_TRUE(ok(replaced));
  EXPECT_EQ(replaced->kept, key_ + ".damaged");
  EXPECT_EQ(std::filesystem::file_size(replaced->kept), 31U);
  EXPECT_TRUE(ok(open()));
}

TEST_F(LostKeyTest, TheKeyOfAnotherStoreIsRefusedAndReplaced) {
  ASSERT_TRUE(ok(open()));
  std::ofstream(key_, std::ios::binary) << std::string(32, 'k');
  EXPECT_TRUE(refusal().starts_with(key_ + " is the key of another store than " + path_ + ": restore")) << refusal();
  const auto replaced = replace_lost_key(url_);
  ASSERT_TRUE(ok(replaced));
  EXPECT_EQ(replaced->kept, key_ + ".damaged");
  ASSERT_TRUE(ok(open()));
  EXPECT_EQ(code_of(replace_lost_key(url_)), "conflict");
  // What was put aside before stays.
  std::ofstream(key_, std::ios::binary) << std::string(32, 'l');
  EXPECT_EQ(replace_lost_key(url_)->kept, key_ + ".damaged-2");
  EXPECT_EQ(std::filesystem::file_size(key_ + ".damaged"), 32U);
}

TEST_F(LostKeyTest, AStoreOfBeforeTakesTheKeyThatItHas) {
  const std::string made_with = open().value().master_key;
  {
    auto db = sqlite::Connection::open(path_, SQLITE_OPEN_READWRITE, "", std::chrono::seconds(1));
    ASSERT_TRUE(ok(db.value().execute("DROP TABLE master_key; PRAGMA user_version=11")));
  }
  EXPECT_EQ(open().value().master_key, made_with);
  std::ofstream(key_, std::ios::binary) << std::string(32, 'k');
  EXPECT_NE(refusal(), "opened") << "it is noted from then on";
}

TEST_F(LostKeyTest, NothingIsReplacedThatIsNotLost) {
  EXPECT_EQ(code_of(replace_lost_key(url_)), "not_found");
  const std::string made_with = open().value().master_key;
  EXPECT_EQ(code_of(replace_lost_key(url_)), "conflict");
  // Of others, or read by them: to be looked at, not to be replaced.
  ASSERT_EQ(::chmod(key_.c_str(), 0644), 0);
  EXPECT_EQ(code_of(replace_lost_key(url_)), "conflict");
  ASSERT_EQ(::chmod(key_.c_str(), 0600), 0);
  EXPECT_EQ(open().value().master_key, made_with);
}

TEST_F(LostKeyTest, NorUnderAGatewayThatRuns) {
  ASSERT_TRUE(ok(open()));
  std::filesystem::remove(key_);
  {
    const auto claim = claim_store(url_);
    ASSERT_TRUE(ok(claim));
    const auto refused = replace_lost_key(url_);
    EXPECT_EQ(code_of(refused), "conflict");
    EXPECT_TRUE(refused.error().what.starts_with("the store " + path_ + " is in use")) << refused.error().what;
  }
  EXPECT_TRUE(ok(replace_lost_key(url_)));
}

}  // namespace
}  // namespace postern::store
