#include "store/sqlite/database/writer.hpp"

#include <future>
#include <stdexcept>
#include <thread>

#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/database/database.hpp"
#include "store/sqlite/files/files.hpp"
#include "unit/store/contract.hpp"
#include "unit/store/fault_vfs.hpp"

namespace postern::store::sqlite {
namespace {

class WriterTest : public testing::Test {
 protected:
  WriterTest() {
    options_.vfs = vfs_.name();
    options_.patience = 1h;  // tests keep the writer busy for as long as they need
    options_.look_every = 1ms;
  }

  void start() {
    ASSERT_TRUE(ok(prepare_file(path_)));
    auto connection = open_writer(path_, options_).value();
    writer_.emplace(std::make_shared<StoreFiles>(path_), options_, std::move(connection));
  }

  // The writer finds out by itself: nobody has to write.
  void wait_until_over() {
    while (!writer_->fault().empty()) std::this_thread::yield();
  }

  Result<void> put(const std::string& handle, Errc outcome = Errc::internal) {
    return writer_->write([&](Transaction& transaction) -> Result<void> {
      const auto added = run(transaction.db, "INSERT INTO tenants (handle, name, plan) VALUES (?1, '', '')", handle);
      if (!added) return added.error();
      if (auto noted = transaction.note(ChangeKind::tenant, handle); !noted) return noted;
      if (outcome != Errc::internal) return fail(outcome, "as asked");
      return {};
    });
  }

  std::int64_t tenants() {
    auto db = open_reader(path_, options_).value();
    return *first(db, read_integer, "SELECT count(*) FROM tenants").value();
  }

  // Keeps the writer's thread busy while `queue` fills its queue with `count` writes; they then make one group.
  void in_one_group(int count, const std::function<void(int)>& act) {
    std::promise<void> running;
    std::promise<void> release;
    std::thread holder([&] {
      (void)writer_->write([&](Transaction&) -> Result<void> {
        running.set_value();
        release.get_future().wait();
        return {};
      });
    });
    running.get_future().wait();
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] { act(i); });
    }
    while (writer_->waiting() < static_cast<std::size_t>(count)) std::this_thread::yield();
    release.set_value();
    holder.join();
    for (auto& thread : threads) thread.join();
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "postern.db";
  FaultVfs vfs_;
  Options options_;
  std::optional<Writer> writer_;
};

TEST_F(WriterTest, WaitingWritesShareOneCommit) {
  start();
  ASSERT_TRUE(ok(put("first")));
  std::vector<std::size_t> groups;
  writer_->on_change([&](const std::vector<Change>& changes) { groups.push_back(changes.size()); });
  const int before = vfs_.log_syncs;
  in_one_group(50, [&](int i) { EXPECT_TRUE(ok(put(std::to_string(i)))); });
  EXPECT_EQ(groups, (std::vector<std::size_t>{50}));
  EXPECT_EQ(vfs_.log_syncs - before, 1);
  EXPECT_EQ(tenants(), 51);
}

TEST_F(WriterTest, EachCommitIsSynced) {
  start();
  ASSERT_TRUE(ok(put("first")));
  const int before = vfs_.log_syncs;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(ok(put(std::to_string(i))));
  EXPECT_EQ(vfs_.log_syncs - before, 5);
}

TEST_F(WriterTest, AGroupHasItsLimit) {
  options_.group = 8;
  start();
  std::vector<std::size_t> groups;
  writer_->on_change([&](const std::vector<Change>& changes) { groups.push_back(changes.size()); });
  in_one_group(20, [&](int i) { EXPECT_TRUE(ok(put(std::to_string(i)))); });
  EXPECT_EQ(groups, (std::vector<std::size_t>{8, 8, 4}));
}

TEST_F(WriterTest, AFailedWriteTakesBackItselfAlone) {
  start();
  std::vector<Change> heard;
  writer_->on_change([&](const std::vector<Change>& changes) { heard = changes; });
  in_one_group(30, [&](int i) {
    const auto result = i % 3 == 0 ? put(std::to_string(i), Errc::expired) : put(std::to_string(i));
    EXPECT_EQ(code_of(result), i % 3 == 0 ? "expired" : "ok");
  });
  EXPECT_EQ(tenants(), 20);
  EXPECT_EQ(heard.size(), 20U);
}

TEST_F(WriterTest, ABrokenConstraintTakesBackItselfAlone) {
  start();
  std::atomic<int> conflicts = 0;
  in_one_group(10, [&](int) {
    if (code_of(put("same")) == "conflict") ++conflicts;
  });
  EXPECT_EQ(conflicts, 9);
  EXPECT_EQ(tenants(), 1);
}

TEST_F(WriterTest, AWriteThatThrowsTakesBackItselfAlone) {
  start();
  in_one_group(4, [&](int i) {
    if (i != 2) {
      EXPECT_TRUE(ok(put(std::to_string(i))));
      return;
    }
    const auto result = writer_->write([&](Transaction& transaction) -> Result<void> {
      (void)run(transaction.db, "INSERT INTO tenants (handle, name, plan) VALUES ('thrown', '', '')");
      throw std::runtime_error("a bug");
    });
    EXPECT_EQ(code_of(result), "internal");
  });
  EXPECT_EQ(tenants(), 3);
}

TEST_F(WriterTest, AFullQueueIsBusyAtOnce) {
  options_.queue = 5;
  start();
  std::promise<void> running;
  std::promise<void> release;
  std::thread holder([&] {
    (void)writer_->write([&](Transaction&) -> Result<void> {
      running.set_value();
      release.get_future().wait();
      return {};
    });
  });
  running.get_future().wait();
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] { EXPECT_TRUE(ok(put(std::to_string(i)))); });
  }
  while (writer_->waiting() < 5) std::this_thread::yield();
  EXPECT_EQ(code_of(put("one more")), "busy");
  release.set_value();
  holder.join();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(tenants(), 5);
  EXPECT_TRUE(ok(put("one more")));
}

TEST_F(WriterTest, WhatWaitsIsWrittenBeforeTheEnd) {
  start();
  std::promise<void> running;
  std::promise<void> release;
  std::thread holder([&] {
    (void)writer_->write([&](Transaction&) -> Result<void> {
      running.set_value();
      release.get_future().wait();
      return {};
    });
  });
  running.get_future().wait();
  std::thread waiting([&] { EXPECT_TRUE(ok(put("waiting"))); });
  while (writer_->waiting() < 1) std::this_thread::yield();
  std::thread closing([&] { writer_.reset(); });
  release.set_value();
  holder.join();
  waiting.join();
  closing.join();
  EXPECT_EQ(tenants(), 1);
}

TEST_F(WriterTest, AFailedSyncAnswersTheWholeGroupAsUnavailable) {
  start();
  ASSERT_TRUE(ok(put("before")));
  bool heard = false;
  writer_->on_change([&](const std::vector<Change>&) { heard = true; });
  vfs_.sync_fails = true;
  in_one_group(10, [&](int i) {
    // Also those that would have been a conflict: what they rest on is not stored.
    EXPECT_EQ(code_of(put(i % 2 == 0 ? "same" : std::to_string(i))), "unavailable");
  });
  EXPECT_FALSE(heard);
  EXPECT_FALSE(writer_->fault().empty());
  EXPECT_EQ(tenants(), 1);

  vfs_.sync_fails = false;
  wait_until_over();
  EXPECT_TRUE(ok(put("after")));
  EXPECT_EQ(tenants(), 2);
}

TEST_F(WriterTest, Attack8AFullDiskIsAFaultUntilThereIsSpace) {
  start();
  ASSERT_TRUE(ok(put("before")));
  vfs_.full = true;
  EXPECT_EQ(code_of(put("a")), "unavailable");
  EXPECT_EQ(code_of(put("b")), "unavailable");
  EXPECT_EQ(writer_->fault(), "the disk that holds " + path_ + " is full; make room on it");
  EXPECT_EQ(tenants(), 1);
  vfs_.full = false;
  wait_until_over();
  EXPECT_TRUE(ok(put("c")));
  EXPECT_EQ(tenants(), 2);
}

TEST_F(WriterTest, Attack2ALockHeldElsewhereIsAFaultAndPasses) {
  options_.busy_timeout = std::chrono::milliseconds(10);
  start();
  auto other = open_writer(path_, options_).value();
  ASSERT_TRUE(ok(other.execute("BEGIN IMMEDIATE")));
  EXPECT_EQ(code_of(put("a")), "unavailable");
  EXPECT_EQ(writer_->fault(), path_ + " is locked by another program");
  ASSERT_TRUE(ok(other.execute("ROLLBACK")));
  wait_until_over();
  EXPECT_TRUE(ok(put("a")));
}

// It is refused while the other write is still under way, so it cannot have waited for it.
TEST_F(WriterTest, Attack2AWriteThatTakesLongHasOthersRefusedAtOnce) {
  options_.patience = 0ms;
  start();
  std::promise<void> running;
  std::promise<void> release;
  std::thread holder([&] {
    (void)writer_->write([&](Transaction&) -> Result<void> {
      running.set_value();
      release.get_future().wait();
      return {};
    });
  });
  running.get_future().wait();
  while (writer_->fault().empty()) std::this_thread::yield();
  EXPECT_EQ(code_of(put("refused")), "unavailable");
  EXPECT_EQ(writer_->waiting(), 0U);
  EXPECT_NE(writer_->fault().find("has been under way for more than 0 ms"), std::string::npos) << writer_->fault();
  release.set_value();
  holder.join();
  wait_until_over();
  EXPECT_EQ(tenants(), 0);
}

TEST_F(WriterTest, Attack8EachFaultIsToldWhenItBeginsAndWhenItIsOver) {
  start();
  std::vector<std::string> told;
  std::promise<void> over;
  writer_->on_fault([&](const std::string& fault) {
    told.push_back(fault);
    if (fault.empty()) over.set_value();
  });
  vfs_.full = true;
  EXPECT_EQ(code_of(put("a")), "unavailable");
  vfs_.full = false;
  over.get_future().wait();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_NE(told.front().find("is full"), std::string::npos) << told.front();
}

}  // namespace
}  // namespace postern::store::sqlite
