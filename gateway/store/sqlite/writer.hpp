#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "store/records.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/options.hpp"

namespace postern::store::sqlite {

// What a write works with while it runs.
class Transaction {
 public:
  Transaction(Connection& connection, Time at, std::vector<Change>& changes)
      : db(connection), now(at), changes_(changes) {}

  Connection& db;
  const Time now;
  // Records the change in the same transaction, for the caches of every process.
  Result<void> note(ChangeKind kind, std::string_view subject);

 private:
  std::vector<Change>& changes_;
};

// The one connection that writes, and its thread. Writes waiting together go into one transaction, each in a savepoint
// of its own, and share one commit: a write that fails takes back its own work alone, and nobody is answered before the
// commit is on the disk. Thread-safe.
class Writer {
 public:
  // `connection` comes from open_writer().
  Writer(std::string path, Options options, Connection connection);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();  // after what waits was written

  // Runs `work`, Result<T>(Transaction&), on the writer's thread and returns what it returned once that is durable. An
  // error takes its changes back. busy: the queue is full; unavailable: nothing of it is promised to be stored.
  template <class Work>
  auto write(Work&& work) -> std::invoke_result_t<Work&, Transaction&> {
    std::optional<std::invoke_result_t<Work&, Transaction&>> result;
    const std::optional<Error> refused = submit([&](Transaction& transaction) -> std::optional<Error> {
      result.emplace(work(transaction));
      if (!*result) return result->error();
      return std::nullopt;
    });
    if (refused) return *refused;
    return std::move(*result);
  }

  // Runs `work`, Result<void>(Connection&), on the writer's thread while no transaction is open: for what SQLite does
  // only then. Writes wait meanwhile.
  template <class Work>
  Result<void> between_writes(Work&& work) {
    const std::optional<Error> refused = submit(
        [&](Transaction& transaction) -> std::optional<Error> {
          const Result<void> done = work(transaction.db);
          if (!done) return done.error();
          return std::nullopt;
        },
        true);
    if (refused) return *refused;
    return {};
  }

  // False from an I/O error until a commit has succeeded again.
  bool healthy() const noexcept { return healthy_; }
  const std::string& path() const noexcept { return path_; }
  // Writes that wait for their turn.
  std::size_t waiting() const;
  void on_change(std::function<void(const std::vector<Change>&)> listener);

 private:
  using Work = std::function<std::optional<Error>(Transaction&)>;
  struct Job {
    Work work;
    std::promise<std::optional<Error>> done;
    std::optional<Error> error;
    bool alone = false;  // between transactions rather than in one
  };

  std::optional<Error> submit(Work work, bool alone = false);
  void serve();
  std::vector<Job> next_group();
  void commit(std::vector<Job>& group);
  Result<void> transact(std::vector<Job>& group, std::vector<Change>& changes);
  Result<void> run(Job& job, std::vector<Change>& changes);
  void run_alone(Job& job);
  void note_failure();
  Result<void> revive();

  const std::string path_;
  const Options options_;
  std::optional<Connection> db_;
  std::atomic<bool> healthy_ = true;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  std::function<void(const std::vector<Change>&)> listener_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace postern::store::sqlite
