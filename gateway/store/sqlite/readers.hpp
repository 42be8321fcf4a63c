#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/options.hpp"

namespace postern::store::sqlite {

// A fixed number of connections that read, opened when first needed. Each statement sees one committed state. Bounded,
// so that old states do not keep the log from being checkpointed. Thread-safe.
class Readers {
 public:
  Readers(std::string path, Options options);

  // Runs `work`, Result<T>(Connection&), on the calling thread. busy: no connection came free in time.
  template <class Work>
  auto read(Work&& work) -> std::invoke_result_t<Work&, Connection&> {
    auto db = take();
    if (!db) return db.error();
    Lease lease{*this, std::move(*db)};
    return work(lease.db);
  }

 private:
  struct Lease {
    Readers& home;
    Connection db;
    ~Lease() { home.give_back(std::move(db)); }
  };

  Result<Connection> take();
  void give_back(Connection db);
  void give_up();

  const std::string path_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Connection> idle_;
  std::size_t open_ = 0;
};

}  // namespace postern::store::sqlite
