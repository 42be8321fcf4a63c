#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "store/records.hpp"
#include "store/sqlite/connection/connection.hpp"
#include "store/sqlite/connection/options.hpp"
#include "store/sqlite/database/writes.hpp"
#include "store/sqlite/files/store_files.hpp"

namespace postern::store::sqlite {

// The one connection that writes, and its thread. Writes waiting together go into one transaction, each in a savepoint
// of its own, and share one commit: a write that fails takes back its own work alone, and nobody is answered before the
// commit is on the disk. The thread also watches over the store's files. What keeps it from writing is a fault: from
// then on writes are refused at once, until the thread has found that it can write again. Thread-safe.
class Writer final : public Writes {
 public:
  // `connection` comes from open_writer(), and `files` are those that it opened.
  Writer(std::shared_ptr<StoreFiles> files, Options options, Connection connection);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() override;  // after what waits was written

  // Runs `work`, Result<void>(Connection&), on the writer's thread while no transaction is open: for what SQLite does
  // only then. Writes wait meanwhile.
  template <class Work>
  Result<void> between_writes(Work&& work) {
    const std::optional<Error> refused = enqueue(
        [&](Transaction& transaction) -> std::optional<Error> {
          const Result<void> done = work(transaction.db);
          if (!done) return done.error();
          return std::nullopt;
        },
        true);
    if (refused) return *refused;
    return {};
  }

  const std::string& path() const noexcept { return files_->path(); }
  // Store::fault(). A write that has been under way for longer than Options::patience is one.
  std::string fault() const;
  // Writes that wait for their turn.
  std::size_t waiting() const;
  void on_change(std::function<void(const std::vector<Change>&)> listener);
  void on_fault(std::function<void(const std::string&)> listener);

 private:
  using Steady = std::chrono::steady_clock;
  struct Job {
    Work work;
    std::promise<std::optional<Error>> done;
    std::optional<Error> error;
    bool alone = false;  // between transactions rather than in one
  };

  std::optional<Error> submit(Work work) override;
  std::optional<Error> enqueue(Work work, bool alone);
  void serve();
  bool next_group(std::vector<Job>& group);
  void commit(std::vector<Job>& group);
  Result<void> transact(std::vector<Job>& group, std::vector<Change>& changes);
  Result<void> in_transaction(const std::function<Result<void>()>& work);
  Result<void> run(Job& job, std::vector<Change>& changes);
  Result<void> run_alone(Job& job);
  Result<void> revive();
  Result<void> reopen();

  void look_after();
  Result<void> look_at_files();
  Result<void> bring_back();
  Result<void> probe();
  Result<void> in_place() const;
  void set_fault(const std::string& fault);
  std::string known_fault() const;
  std::string fault_now() const;

  const std::shared_ptr<StoreFiles> files_;
  const Options options_;
  std::optional<Connection> db_;
  bool outdated_ = false;  // it has a file open that another one has replaced, made from it

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  std::function<void(const std::vector<Change>&)> listener_;
  std::function<void(const std::string&)> fault_listener_;
  std::string fault_;
  std::optional<Steady::time_point> busy_since_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace postern::store::sqlite
