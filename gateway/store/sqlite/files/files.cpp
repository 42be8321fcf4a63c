#include "store/sqlite/files/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/system_error.hpp"
#include "base/unique_fd.hpp"
#include "crypto/random.hpp"

namespace postern::store::sqlite {
namespace {

constexpr std::size_t kKeySize = 32;

// Reads errno: call before anything that may change it.
Error refused(const std::string& path, const std::string& what) {
  return fail(Errc::invalid, path + " " + what + ": " + system_message(errno));
}

std::string directory_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

// A new name is durable only once its directory is.
Result<void> sync_directory(const std::string& directory) {
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return refused(directory, "cannot be written");
  return {};
}

Result<void> prepare_directory(const std::string& directory) {
  struct stat status{};
  if (::stat(directory.c_str(), &status) == 0) {
    if (!S_ISDIR(status.st_mode)) return fail(Errc::invalid, directory + " is not a directory");
    return {};
  }
  if (::mkdir(directory.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    if (errno == ENOENT) return fail(Errc::invalid, "the directory " + directory + " does not exist");
    return refused(directory, "cannot be made");
  }
  return sync_directory(directory_of(directory));
}

Result<void> check_private(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return fail(Errc::invalid, path + " is not a plain file");
  if ((status.st_mode & 0077) != 0) {
    return fail(Errc::invalid, path + " may be read by others than its owner; run: chmod 600 " + path);
  }
  return {};
}

}  // namespace

std::string key_path(const std::string& database) { return database + ".key"; }

std::string restore_key(const std::string& database) {
  return ": restore the file that belongs to this store. If it is lost for good, run "
         "`postern keys replace-lost -c FILE` (without a configuration file: `--store sqlite:" +
         database + "`), which makes a new key and says what ends with the old one";
}

bool has_content(const std::string& path) noexcept {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && status.st_size > 0;
}

namespace {

Result<void> check_writable(const std::string& path, const struct stat& status) {
  if (auto checked = check_private(path, status); !checked) return checked;
  // Asked of the mode itself, since root may write everything.
  if ((status.st_mode & 0600) != 0600) return fail(Errc::invalid, path + " is read-only; run: chmod 600 " + path);
  return {};
}

// The directory is there, or can be made.
Result<void> check_directory(const std::string& directory) {
  struct stat status{};
  const bool there = ::stat(directory.c_str(), &status) == 0;
  if (there && !S_ISDIR(status.st_mode)) return fail(Errc::invalid, directory + " is not a directory");
  const auto written_to = there ? directory : directory_of(directory);
  if (!there && ::stat(written_to.c_str(), &status) != 0)
    return fail(Errc::invalid, "the directory " + directory + " does not exist");
  if (::access(written_to.c_str(), W_OK) != 0) return refused(written_to, "cannot be written");
  return {};
}

// Of SQLite's file format, section 1.3.
Result<void> check_header(const std::string& path) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char begin[kMagic.size()];
  if (!fd) return refused(path, "cannot be read");
  const auto read = ::read(fd.get(), begin, sizeof begin);
  if (read != static_cast<ssize_t>(sizeof begin) || std::string_view(begin, sizeof begin) != kMagic)
    return fail(Errc::invalid, path + " is not a database");
  return {};
}

}  // namespace

Result<void> check_database(const std::string& path) {
  if (auto ready = check_directory(directory_of(path)); !ready) return ready;
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return refused(path, "cannot be opened");
  }
  if (auto checked = check_writable(path, status); !checked) return checked;
  return status.st_size == 0 ? Result<void>() : check_header(path);
}

Result<void> check_files(const std::string& path) {
  if (auto checked = check_database(path); !checked || !has_content(path)) return checked;
  const auto key = kept_key(path);
  return key ? Result<void>() : Result<void>(key.error());
}

Result<void> prepare_file(const std::string& path) {
  const std::string directory = directory_of(path);
  if (auto ready = prepare_directory(directory); !ready) return ready;
  {
    // Closed before SQLite opens the file: closing any descriptor of a file ends the process's locks on it.
    const UniqueFd made(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (made) return sync_directory(directory);
    if (errno != EEXIST) return refused(path, "cannot be made");
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return refused(path, "cannot be opened");
  return check_writable(path, status);
}

Result<std::string> read_key(const std::string& database) {
  const std::string path = key_path(database);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return refused(path, "cannot be read");
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return refused(path, "cannot be read");
  if (auto checked = check_private(path, status); !checked) return checked.error();
  std::string key(kKeySize, '\0');
  if (status.st_size != static_cast<off_t>(kKeySize) ||
      ::read(fd.get(), key.data(), key.size()) != static_cast<ssize_t>(kKeySize)) {
    return fail(Errc::invalid, path + " is not a key of 32 bytes" + restore_key(database));
  }
  return key;
}

Result<void> write_durably(const std::string& path, const std::string& bytes) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd || ::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      ::fsync(fd.get()) != 0) {
    return refused(path, "cannot be written");
  }
  return {};
}

Result<void> sync_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return refused(path, "cannot be written");
  return {};
}

Result<void> find_room(const std::string& path, std::int64_t from, std::int64_t bytes) {
  const std::string draft = path + "." + crypto::random_token(6);
  const UniqueFd fd(::open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return refused(directory_of(path), "cannot be written");
  ::unlink(draft.c_str());
  const int error = ::posix_fallocate(fd.get(), from, bytes);
  if (error == 0) return {};
  return fail(Errc::unavailable, "there is no room beside " + path + " for " + std::to_string(bytes) +
                                     " bytes more: " + system_message(error) + "; make room on its disk");
}

Result<void> sync_directory_of(const std::string& path) { return sync_directory(directory_of(path)); }

// Written whole under another name and then given its own, which fails when there is one already: a process that is
// killed in between leaves no half key, and of two that write at the same time both use the same.
Result<void> write_key(const std::string& path, const std::string& key) {
  const std::string draft = path + "." + crypto::random_token(6);
  auto written = write_durably(draft, key);
  if (written && ::link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) written = refused(path, "cannot be made");
  ::unlink(draft.c_str());
  if (!written) return written;
  return sync_directory_of(path);
}

bool key_is_lost(const std::string& database) {
  struct stat status{};
  if (::stat(key_path(database).c_str(), &status) != 0) return errno == ENOENT;
  return S_ISREG(status.st_mode) && status.st_size != static_cast<off_t>(kKeySize);
}

Result<std::string> kept_key(const std::string& database) {
  const std::string path = key_path(database);
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 || errno != ENOENT) return read_key(database);
  return fail(Errc::invalid,
              "the store " + database + " was made with a key, and " + path + " is gone" + restore_key(database));
}

Result<std::string> master_key(const std::string& database) {
  const std::string path = key_path(database);
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) return read_key(database);
  if (errno != ENOENT) return refused(path, "cannot be read");

  if (auto written = write_key(path, crypto::random_bytes(kKeySize)); !written) return written.error();
  return read_key(database);
}

}  // namespace postern::store::sqlite
