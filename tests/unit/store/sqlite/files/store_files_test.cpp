#include "store/sqlite/files/store_files.hpp"

#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "store/sqlite/files/files.hpp"
#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

namespace fs = std::filesystem;

class StoreFilesTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    sqlite::Options options;
    options.look_every = 1ms;
    return std::move(sqlite::open(path_, options).value().store);
  }

  void wait_for_fault(const std::string& words) {
    while (store_->fault().find(words) == std::string::npos) std::this_thread::yield();
  }
  void wait_until_over() {
    while (!store_->fault().empty()) std::this_thread::yield();
  }
  bool has(Store& store, const std::string& tenant) { return store.tenants().find(tenant).value().has_value(); }
  Result<std::int64_t> put(const std::string& tenant) {
    return store_->tenants().apply({.tenants = {{tenant, "", ""}}});
  }

  static std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
  static int mode(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? static_cast<int>(status.st_mode & 0777) : 0;
  }

  TemporaryDirectory directory_;
  const std::string folder_ = directory_ / "data";
  const std::string path_ = folder_ + "/it's.db";
  std::unique_ptr<Store> store_ = open();
};

TEST_F(StoreFilesTest, Attack8ADatabaseThatIsDeletedIsWrittenAgain) {
  ASSERT_TRUE(ok(put("before")));
  std::promise<void> over;
  std::vector<std::string> told;
  store_->on_fault([&](const std::string& fault) {
    told.push_back(fault);
    if (fault.empty()) over.set_value();
  });
  fs::remove(path_);
  over.get_future().wait();
  EXPECT_NE(told.front().find(path_ + " was deleted or moved"), std::string::npos) << told.front();
  EXPECT_EQ(mode(path_), 0600);
  EXPECT_TRUE(has(*store_, "before"));
  ASSERT_TRUE(ok(put("after")));
  EXPECT_TRUE(has(*store_, "after"));
  // As a process sees it that comes now, and one that comes after this has ended.
  for (int round = 0; round < 2; ++round) {
    const auto other = open();
    EXPECT_TRUE(has(*other, "before"));
    EXPECT_TRUE(has(*other, "after"));
    store_.reset();
  }
}

TEST_F(StoreFilesTest, Attack8SoIsOneWhoseLogAndKeyAreDeletedWithIt) {
  ASSERT_TRUE(ok(put("before")));
  const auto key = content(path_ + ".key");
  fs::remove(path_);
  for (const char* end : {"-wal", "-shm", ".key"}) fs::remove(path_ + end);
  while (!fs::exists(path_) || !fs::exists(path_ + ".key")) std::this_thread::yield();
  wait_until_over();
  EXPECT_TRUE(ok(put("after")));
  EXPECT_EQ(content(path_ + ".key"), key);
  store_.reset();
  store_ = open();
  EXPECT_TRUE(has(*store_, "before"));
  EXPECT_TRUE(has(*store_, "after"));
}

TEST_F(StoreFilesTest, Attack8AKeyThatIsDeletedIsWrittenAgain) {
  const auto key = content(path_ + ".key");
  std::promise<std::string> told;
  bool first = true;
  store_->on_fault([&](const std::string& fault) {
    if (std::exchange(first, false)) told.set_value(fault);
  });
  fs::remove(path_ + ".key");
  EXPECT_NE(told.get_future().get().find(path_ + ".key was deleted"), std::string::npos);
  wait_until_over();
  EXPECT_EQ(content(path_ + ".key"), key);
  EXPECT_EQ(mode(path_ + ".key"), 0600);
  EXPECT_TRUE(ok(put("after")));
}

TEST_F(StoreFilesTest, Attack8AnotherKeyIsAFaultUntilTheOldOneIsBack) {
  const auto key = content(path_ + ".key");
  std::ofstream(path_ + ".other") << std::string(32, 'x');
  fs::rename(path_ + ".other", path_ + ".key");
  wait_for_fault("is not the key");
  EXPECT_EQ(code_of(put("refused")), "unavailable");
  std::ofstream(path_ + ".other") << key;
  ::chmod((path_ + ".other").c_str(), 0600);
  fs::rename(path_ + ".other", path_ + ".key");
  wait_until_over();
  EXPECT_TRUE(ok(put("taken")));
}

// Nothing goes to a file that others do not see, and nothing of the new file is believed.
TEST_F(StoreFilesTest, Attack8AnotherFileInItsPlaceIsAFaultUntilTheFormerIsBack) {
  ASSERT_TRUE(ok(put("before")));
  fs::create_hard_link(path_, path_ + ".kept");
  fs::copy_file(path_, path_ + ".other");
  fs::rename(path_ + ".other", path_);
  wait_for_fault("is another file than the one");
  EXPECT_EQ(code_of(put("refused")), "unavailable");
  EXPECT_EQ(code_of(store_->ping()), "unavailable");
  EXPECT_TRUE(has(*store_, "before"));
  fs::rename(path_ + ".kept", path_);
  wait_until_over();
  EXPECT_TRUE(ok(put("taken")));
  EXPECT_FALSE(has(*store_, "refused"));
}

TEST_F(StoreFilesTest, Attack8AFolderThatIsMovedAwayIsAFaultUntilItIsBack) {
  ASSERT_TRUE(ok(put("before")));
  fs::rename(folder_, folder_ + ".moved");
  wait_for_fault("cannot be written again");
  EXPECT_EQ(code_of(put("refused")), "unavailable");
  EXPECT_TRUE(has(*store_, "before"));
  fs::rename(folder_ + ".moved", folder_);
  wait_until_over();
  EXPECT_TRUE(ok(put("taken")));
}

TEST_F(StoreFilesTest, Attack8WithoutItsLogTheDatabaseKeepsWhatWasStored) {
  ASSERT_TRUE(ok(put("before")));
  fs::remove(path_ + "-wal");
  wait_for_fault("restart the gateway");
  EXPECT_EQ(code_of(put("refused")), "unavailable");
  EXPECT_TRUE(has(*store_, "before"));
  store_.reset();
  store_ = open();
  EXPECT_TRUE(has(*store_, "before"));
  EXPECT_FALSE(has(*store_, "refused"));
  EXPECT_TRUE(ok(put("taken")));
}

TEST_F(StoreFilesTest, Attack8RoomIsLookedForAndNothingOfItStays) {
  const auto files = [this] { return std::distance(fs::directory_iterator(folder_), fs::directory_iterator()); };
  const auto before = files();
  EXPECT_TRUE(ok(sqlite::find_room(path_, 4096, 4096)));
  const auto none = sqlite::find_room(path_, 4096, std::int64_t{1} << 60);
  EXPECT_EQ(code_of(none), "unavailable");
  EXPECT_NE(none.error().what.find("there is no room beside " + path_), std::string::npos) << none.error().what;
  EXPECT_EQ(files(), before);
}

}  // namespace
}  // namespace postern::store
