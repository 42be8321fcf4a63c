#include "store/sqlite/database/readers.hpp"

#include <utility>

#include "store/sqlite/database/database.hpp"

namespace postern::store::sqlite {

Readers::Readers(std::shared_ptr<const StoreFiles> files, Options options)
    : files_(std::move(files)), options_(std::move(options)) {
  while (open_ < options_.readers) {
    auto reader = open();
    if (!reader) return;  // the first that needs it is told why
    idle_.push_back(std::move(*reader));
    ++open_;
  }
}

Result<Readers::Reader> Readers::take() {
  std::vector<Reader> outdated;
  {
    std::unique_lock lock(mutex_);
    const bool free =
        freed_.wait_for(lock, options_.busy_timeout, [this] { return !idle_.empty() || open_ < options_.readers; });
    if (!free) return fail(Errc::busy, "too many reads wait for the store");
    if (idle_.empty()) {
      ++open_;
    } else if (idle_.back().generation == files_->generation()) {
      Reader reader = std::move(idle_.back());
      idle_.pop_back();
      return reader;
    } else {
      outdated.swap(idle_);
    }
  }
  // All of them at once, so that they can go on reading when these files are gone as well.
  for (std::size_t more = 1; more < outdated.size(); ++more) renew();
  auto opened = open();
  if (!opened) give_up();
  return opened;
}

void Readers::renew() {
  auto opened = open();
  if (!opened) {
    give_up();
    return;
  }
  give_back(std::move(*opened));
}

// Never what somebody else put at the path: it may know of tokens that were revoked here.
Result<Readers::Reader> Readers::open() const {
  const unsigned generation = files_->generation();
  if (const auto state = files_->look(); state != StoreFiles::State::in_place) {
    return fail(Errc::unavailable, files_->describe(state));
  }
  auto db = open_reader(files_->path(), options_);
  if (!db) return db.error();
  return Reader{.db = std::move(*db), .generation = generation};
}

void Readers::give_back(Reader reader) {
  if (reader.db.dead()) {
    give_up();
    return;
  }
  reader.db.forgive();
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(reader));
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
