#include "store/claim.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "unit/store/contract.hpp"

namespace postern::store {
namespace {

class ClaimTest : public testing::Test {
 protected:
  std::string refusal() {
    const auto claim = claim_store(url_);
    return claim ? "claimed" : claim.error().what;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "data/postern.db";
  std::string url_ = "sqlite:" + path_;
};

TEST_F(ClaimTest, IsGivenOnceAndAgainWhenItIsReturned) {
  {
    const auto claim = claim_store(url_);
    ASSERT_TRUE(ok(claim));
    EXPECT_TRUE(refusal().starts_with("the store " + path_ + " is in use by a gateway (process " +
                                      std::to_string(::getpid()) + " on "))
        << refusal();
    EXPECT_EQ(code_of(claim_store(url_)), "conflict");
    // What commands do beside a gateway.
    EXPECT_TRUE(ok(open_store(url_)));
    EXPECT_EQ(code_of(claim_store(url_)), "conflict") << "a command that ends gives nothing back";
  }
  EXPECT_TRUE(ok(claim_store(url_)));
  EXPECT_TRUE(ok(claim_store("sqlite:" + (directory_ / "data/other.db"))));
}

TEST_F(ClaimTest, OfAProcessThatWasKilledIsFree) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto claim = claim_store(url_);
    const char told = claim ? 'y' : 'n';
    static_cast<void>(::write(ready[1], &told, 1));
    for (;;) ::pause();
  }
  ::close(ready[1]);
  char told = 0;
  ASSERT_EQ(::read(ready[0], &told, 1), 1);
  ::close(ready[0]);
  EXPECT_EQ(told, 'y');
  EXPECT_NE(refusal().find("process " + std::to_string(child) + " on "), std::string::npos) << refusal();
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(ok(claim_store(url_)));
}

TEST_F(ClaimTest, WhatTheLockHoldsIsShownOnlyWhereItIsPlain) {
  const auto claim = claim_store(url_);
  ASSERT_TRUE(ok(claim));
  struct stat status{};
  ASSERT_EQ(::stat((path_ + ".lock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  for (const std::string& content :
       {std::string(), std::string("process \x1b[2J\n"), "process " + std::string(9, '\0')}) {
    std::ofstream(path_ + ".lock", std::ios::binary | std::ios::trunc) << content;
    EXPECT_NE(refusal().find("by a gateway: a store is for one"), std::string::npos) << refusal();
  }
}

TEST_F(ClaimTest, AFileOfAnotherProgramIsLeftAsItIs) {
  std::filesystem::create_directory(directory_ / "data");
  std::ofstream(path_ + ".lock") << "[[package]]";
  EXPECT_EQ(refusal(), path_ + ".lock is a file of another program: give the store another name");
  std::ostringstream text;
  text << std::ifstream(path_ + ".lock").rdbuf();
  EXPECT_EQ(text.str(), "[[package]]");
  // Nor is one made beside a file that is not a store.
  std::filesystem::remove(path_ + ".lock");
  std::ofstream(path_) << "something else, of more than sixteen bytes";
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), path_ + " is not a database");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".lock"));
}

TEST_F(ClaimTest, AnotherNameOfTheDatabaseHasTheSameLock) {
  const auto claim = claim_store(url_);
  ASSERT_TRUE(ok(claim));
  const std::string link = directory_ / "link.db";
  std::filesystem::create_symlink(path_, link);
  EXPECT_EQ(code_of(claim_store("sqlite:" + link)), "conflict");
  EXPECT_FALSE(std::filesystem::exists(link + ".lock"));
}

TEST_F(ClaimTest, ALockThatIsRemovedIsMadeAgainUnlessAnotherHasIt) {
  auto claim = claim_store(url_);
  ASSERT_TRUE(ok(claim));
  EXPECT_TRUE(ok(claim->keep()));
  std::filesystem::remove(path_ + ".lock");
  EXPECT_TRUE(ok(claim->keep()));
  EXPECT_EQ(code_of(claim_store(url_)), "conflict");
  std::filesystem::remove(path_ + ".lock");
  const auto second = claim_store(url_);
  ASSERT_TRUE(ok(second));
  const auto kept = claim->keep();
  EXPECT_EQ(code_of(kept), "conflict");
  EXPECT_NE(kept.error().what.find(".lock was removed while this gateway ran, and another gateway (process "),
            std::string::npos)
      << kept.error().what;
}

TEST_F(ClaimTest, RefusesWhatTheStoreRefuses) {
  EXPECT_EQ(code_of(claim_store("postgresql://db")), "invalid");
  url_ = "sqlite:" + (directory_ / "no/such/postern.db");
  EXPECT_EQ(refusal(), "the directory " + (directory_ / "no/such") + " does not exist");
  std::filesystem::create_directory(directory_ / "data");
  std::filesystem::create_symlink(directory_ / "target", path_ + ".lock");
  url_ = "sqlite:" + path_;
  EXPECT_NE(refusal().find(".lock cannot be opened"), std::string::npos) << refusal();
  EXPECT_FALSE(std::filesystem::exists(directory_ / "target"));
}

}  // namespace
}  // namespace postern::store
