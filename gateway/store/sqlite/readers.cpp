#include "store/sqlite/readers.hpp"

#include <utility>

#include "store/sqlite/database.hpp"

namespace postern::store::sqlite {

Readers::Readers(std::string path, Options options) : path_(std::move(path)), options_(std::move(options)) {}

Result<Connection> Readers::take() {
  {
    std::unique_lock lock(mutex_);
    const bool free =
        freed_.wait_for(lock, options_.busy_timeout, [this] { return !idle_.empty() || open_ < options_.readers; });
    if (!free) return fail(Errc::busy, "too many reads wait for the store");
    if (!idle_.empty()) {
      Connection db = std::move(idle_.back());
      idle_.pop_back();
      return db;
    }
    ++open_;
  }
  auto opened = open_reader(path_, options_);
  if (!opened) give_up();
  return opened;
}

void Readers::give_back(Connection db) {
  if (db.dead()) {
    give_up();
    return;
  }
  db.forgive();
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(db));
  }
  freed_.notify_one();
}

void Readers::give_up() {
  {
    const std::lock_guard lock(mutex_);
    --open_;
  }
  freed_.notify_one();
}

}  // namespace postern::store::sqlite
