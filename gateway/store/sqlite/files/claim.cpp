#include "store/sqlite/files/claim.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/system_error.hpp"
#include "store/sqlite/files/files.hpp"

namespace postern::store::sqlite {
namespace {

constexpr std::size_t kLongestHolder = 128;
constexpr std::string_view kHolder = "process ";

std::string this_process() {
  struct utsname system{};
  const std::string host = ::uname(&system) == 0 ? " on " + std::string(system.nodename) : "";
  return std::string(kHolder) + std::to_string(::getpid()) + host;
}

std::string content_of(int lock) {
  std::string text(kLongestHolder, '\0');
  const auto size = ::pread(lock, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

// What the holder wrote, to follow its mention: printable ASCII only, since it is shown.
std::string holder_of(int lock) {
  auto text = content_of(lock);
  text.resize(std::min(text.find('\n'), text.size()));
  const bool printable = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  return printable ? " (" + text + ")" : "";
}

// Only words depend on it: a full disk is no reason not to start.
void write_holder(int lock) {
  const auto text = this_process() + "\n";
  if (::ftruncate(lock, 0) != 0) return;
  static_cast<void>(::pwrite(lock, text.data(), text.size(), 0));
}

Result<UniqueFd> open_lock(const std::string& path) {
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return fail(Errc::invalid, path + " cannot be opened: " + system_message(errno));
  const auto text = content_of(lock.get());
  if (text.empty() || text.starts_with(kHolder)) return lock;
  return fail(Errc::invalid, path + " is a file of another program: give the store another name");
}

bool is_same_file(int open, const std::string& path) {
  struct stat held{};
  struct stat found{};
  return ::fstat(open, &held) == 0 && ::stat(path.c_str(), &found) == 0 && held.st_dev == found.st_dev &&
         held.st_ino == found.st_ino;
}

// Two names of one database have one lock.
std::string resolved(const std::string& database) {
  std::error_code error;
  const auto path = std::filesystem::canonical(database, error);
  return error ? database : path.string();
}

}  // namespace

std::string lock_path(const std::string& database) { return resolved(database) + ".lock"; }

Result<StoreClaim> claim(const std::string& database) {
  if (auto ready = check_database(database); !ready) return ready.error();
  if (auto ready = prepare_file(database); !ready) return ready.error();
  const auto path = lock_path(database);
  auto opened = open_lock(path);
  if (!opened) return opened.error();
  auto lock = *std::move(opened);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    const int why = errno;
    if (why != EWOULDBLOCK) return fail(Errc::invalid, path + " cannot be locked: " + system_message(why));
    return fail(Errc::conflict, "the store " + database + " is in use by a gateway" + holder_of(lock.get()) +
                                    ": a store is for one gateway at a time. End that one first, or use "
                                    "another store");
  }
  write_holder(lock.get());
  return StoreClaim(std::move(lock), path);
}

}  // namespace postern::store::sqlite

namespace postern::store {

Result<void> StoreClaim::keep() {
  if (sqlite::is_same_file(lock_.get(), path_)) return {};
  auto lock = sqlite::open_lock(path_);
  if (!lock) return lock.error();
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Errc::conflict, path_ + " was removed while this gateway ran, and another gateway" +
                                    sqlite::holder_of(lock->get()) +
                                    " has claimed the store since: end one of the two");
  }
  sqlite::write_holder(lock->get());
  lock_ = *std::move(lock);
  return {};
}

}  // namespace postern::store
