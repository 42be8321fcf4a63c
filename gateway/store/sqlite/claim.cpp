#include "store/sqlite/claim.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>

#include "base/system_error.hpp"
#include "store/sqlite/files.hpp"

namespace postern::store::sqlite {
namespace {

constexpr std::size_t kLongestHolder = 128;

std::string this_process() {
  struct utsname system{};
  const std::string host = ::uname(&system) == 0 ? " on " + std::string(system.nodename) : "";
  return "process " + std::to_string(::getpid()) + host;
}

// What the holder wrote, to follow its mention: printable ASCII only, since it is shown.
std::string holder_of(int lock) {
  std::string text(kLongestHolder, '\0');
  const auto size = ::pread(lock, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
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

}  // namespace

std::string lock_path(const std::string& database) { return database + ".lock"; }

Result<StoreClaim> claim(const std::string& database) {
  if (auto ready = prepare_file(database); !ready) return ready.error();
  const auto path = lock_path(database);
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return fail(Errc::invalid, path + " cannot be opened: " + system_message(errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    const int why = errno;
    if (why != EWOULDBLOCK) return fail(Errc::invalid, path + " cannot be locked: " + system_message(why));
    return fail(Errc::conflict, "the store " + database + " is in use by another gateway" + holder_of(lock.get()) +
                                    ": a store is for one gateway at a time. End that one first, or name another "
                                    "`store` for this one");
  }
  write_holder(lock.get());
  return StoreClaim(std::move(lock));
}

}  // namespace postern::store::sqlite
