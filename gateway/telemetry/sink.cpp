#include "telemetry/sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <utility>

#include "base/system_error.hpp"

namespace postern::telemetry {
namespace {

bool is_socket(int fd) {
  struct stat found{};
  return ::fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode);
}

// A process that ended in the middle of a line, or a disk that was full, may have left one.
bool ends_within_line(const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat found{};
  if (!fd || ::fstat(fd.get(), &found) != 0 || !S_ISREG(found.st_mode) || found.st_size == 0) return false;
  char last = '\n';
  return ::pread(fd.get(), &last, 1, found.st_size - 1) == 1 && last != '\n';
}

// Neither kind may block. On anything but a socket O_NONBLOCK would be set for every process that shares the
// description, such as the shell behind a terminal; POSIX lets PIPE_BUF bytes into a pipe that poll() calls writable.
ssize_t write_at_once(int fd, bool is_socket, std::string_view bytes) {
  if (is_socket) return ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return ::write(fd, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
}

Error cannot_open(const std::string& file) {
  return fail(Errc::invalid, "cannot open the log file " + file + " (" + system_message(errno) +
                                 "): create its folder or make it writable");
}

}  // namespace

Sink::Sink(UniqueFd owned, int fd, std::string name)
    : owned_(std::move(owned)), fd_(fd), is_socket_(is_socket(fd)), name_(std::move(name)) {}

Result<Sink> Sink::open(const std::string& file) {
  if (file.empty()) {
    if (::fcntl(STDERR_FILENO, F_GETFD) < 0) {
      return fail(Errc::invalid, "the log goes to standard error, which is closed: open it, or set log.file");
    }
    return Sink(UniqueFd(), STDERR_FILENO, "standard error");
  }
  const bool incomplete = ends_within_line(file);
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!fd) return cannot_open(file);
  if (incomplete) static_cast<void>(!::write(fd.get(), "\n", 1));
  const int number = fd.get();
  return Sink(std::move(fd), number, file);
}

Result<void> Sink::check(const std::string& file) {
  if (::access(file.c_str(), W_OK) == 0) {
    if (!std::filesystem::is_directory(file)) return {};
    errno = EISDIR;
    return cannot_open(file);
  }
  if (errno != ENOENT) return cannot_open(file);
  const auto folder = std::filesystem::path(file).parent_path();
  if (::access(folder.empty() ? "." : folder.c_str(), W_OK) != 0) return cannot_open(file);
  return {};
}

void Sink::reopen() {
  if (!owned_) return;
  if (auto again = open(name_)) *this = *std::move(again);
}

Result<std::size_t> Sink::write(std::string_view bytes, std::chrono::milliseconds wait) {
  pollfd ready{fd_, POLLOUT, 0};
  const int found = ::poll(&ready, 1, static_cast<int>(wait.count()));
  if (found == 0 || (found < 0 && errno == EINTR)) return 0;
  const auto written = write_at_once(fd_, is_socket_, bytes);
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  return fail(Errc::unavailable, "cannot write to " + name_ + ": " + system_message(errno));
}

}  // namespace postern::telemetry
