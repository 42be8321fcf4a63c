#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "base/result.hpp"
#include "store/sqlite/connection/connection.hpp"
#include "store/sqlite/connection/options.hpp"
#include "store/sqlite/files/store_files.hpp"

namespace postern::store::sqlite {

// A fixed number of connections that read, opened at once, so that they can go on reading when the files are gone. Each
// statement sees one committed state. Bounded, so that old states do not keep the log from being checkpointed.
// Thread-safe.
class Readers {
 public:
  Readers(std::shared_ptr<const StoreFiles> files, Options options);

  // Runs `work`, Result<T>(Connection&), on the calling thread. busy: no connection came free in time.
  template <class Work>
  auto read(Work&& work) -> std::invoke_result_t<Work&, Connection&> {
    auto db = take();
    if (!db) return db.error();
    Lease lease{*this, std::move(*db)};
    return work(lease.reader.db);
  }

 private:
  struct Reader {
    Connection db;
    unsigned generation;  // of the files that it has open
  };
  struct Lease {
    Readers& home;
    Reader reader;
    ~Lease() { home.give_back(std::move(reader)); }
  };

  Result<Reader> take();
  Result<Reader> open() const;
  void renew();
  void give_back(Reader reader);
  void give_up();

  const std::shared_ptr<const StoreFiles> files_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Reader> idle_;
  std::size_t open_ = 0;
};

}  // namespace postern::store::sqlite
