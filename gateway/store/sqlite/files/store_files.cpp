#include "store/sqlite/files/store_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/system_error.hpp"
#include "crypto/random.hpp"
#include "store/sqlite/files/files.hpp"

namespace postern::store::sqlite {
namespace {

constexpr std::int64_t kRoom = 1024 * 1024;  // bytes: some two hundred writes

std::string log_path(const std::string& database) { return database + "-wal"; }
std::string index_path(const std::string& database) { return database + "-shm"; }

std::string quoted(const std::string& path) {
  std::string text = "'";
  for (const char c : path.starts_with('/') ? path : "./" + path)
    text += c == '\'' ? std::string("''") : std::string(1, c);
  return text + "'";
}

Result<void> remove_log_of(const std::string& path) {
  for (const auto& old : {log_path(path), index_path(path)}) {
    if (::unlink(old.c_str()) != 0 && errno != ENOENT)
      return fail(Errc::unavailable, old + " cannot be removed: " + system_message(errno));
  }
  return {};
}

// Its own name is given at the end and to no file that is there: another program may have made one meanwhile.
Result<void> give_name(const std::string& draft, const std::string& path) {
  if (::link(draft.c_str(), path.c_str()) != 0)
    return fail(Errc::unavailable, path + " cannot be made: " + system_message(errno));
  return {};
}

}  // namespace

StoreFiles::StoreFiles(std::string path, Secret key) : path_(std::move(path)), key_(std::move(key)) {
  remember();
  if (!key_.empty()) key_file_ = find(key_path(path_));
}

StoreFiles::Found StoreFiles::find(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Identity{status.st_dev, status.st_ino};
}

void StoreFiles::adopt(const std::string& draft) {
  const std::lock_guard lock(mutex_);
  database_ = find(draft);
  log_.reset();
  index_.reset();
  ++generation_;
}

void StoreFiles::remember() {
  const auto database = find(path_);
  const auto log = find(log_path(path_));
  const auto index = find(index_path(path_));
  const std::lock_guard lock(mutex_);
  if (database == database_ && log == log_ && index == index_) return;
  database_ = database;
  log_ = log;
  index_ = index;
  ++generation_;
}

StoreFiles::State StoreFiles::look() const {
  const auto database = find(path_);
  const auto log = find(log_path(path_));
  const auto index = find(index_path(path_));
  const std::lock_guard lock(mutex_);
  const auto foreign = [](const Found& now, const Found& ours) { return now && ours && now != ours; };
  if (foreign(database, database_) || foreign(log, log_) || foreign(index, index_)) return State::replaced;
  if (!database) return State::gone;
  const bool missing = (log_ && !log) || (index_ && !index);
  return missing ? State::log_gone : State::in_place;
}

std::string StoreFiles::describe(State state) const {
  switch (state) {
    case State::in_place: return "";
    case State::gone: return path_ + " was deleted or moved while the gateway uses it";
    case State::log_gone:
      return "the log of " + path_ +
             " (-wal or -shm) was deleted while the gateway uses it; what was stored before is " +
             "kept; restart the gateway";
    case State::replaced:
      return path_ + " or its log (-wal, -shm) is another file than the one that the gateway opened; put the former " +
             "file back, or restart the gateway to use the new one";
  }
  return "";
}

// VACUUM INTO reads one committed state through the descriptors that are open, so that it does not
// matter that their names are gone. It does not sync what it makes.
Result<void> StoreFiles::write_again(Connection& from) {
  const std::string draft = path_ + "." + crypto::random_token(6);
  auto done = write_durably(draft, "");
  if (done) done = from.execute("VACUUM INTO " + quoted(draft));
  if (done) done = sync_file(draft);
  if (done) done = remove_log_of(path_);
  // Before it has its name, so that nobody takes it for the file of another program.
  if (done) adopt(draft);
  if (done) done = give_name(draft, path_);
  ::unlink(draft.c_str());
  if (done) done = sync_directory_of(path_);
  return done;
}

Result<void> StoreFiles::find_room() const {
  struct stat log{};
  const bool there = ::stat(log_path(path_).c_str(), &log) == 0;
  return sqlite::find_room(path_, there ? log.st_size : 0, kRoom);
}

Result<void> StoreFiles::keep_key() {
  if (key_.empty()) return {};
  const std::string path = key_path(path_);
  const auto now = find(path);
  const std::lock_guard lock(mutex_);
  if (now && now == key_file_) return {};
  if (now) {
    // The same key from a backup is as good.
    const auto key = read_key(path_);
    if (!key || *key != key_.reveal()) {
      return fail(Errc::unavailable,
                  path + " is not the key that the gateway uses; put the former file back, or restart the gateway");
    }
    key_file_ = now;
    return {};
  }
  if (auto written = write_key(path, std::string(key_.reveal())); !written) {
    return fail(Errc::unavailable,
                path + " was deleted or moved, and cannot be written again: " + written.error().what);
  }
  key_file_ = find(path);
  return fail(Errc::unavailable, path + " was deleted or moved while the gateway uses it; it was written again");
}

}  // namespace postern::store::sqlite
