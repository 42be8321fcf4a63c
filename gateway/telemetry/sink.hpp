#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace postern::telemetry {

// Where lines go: a file, or standard error, which may be a pipe or a socket that nobody reads. Belongs to one thread.
class Sink {
 public:
  // A file that does not exist yet is made with mode 0640, because its lines say what people call. If the last line of
  // a file is incomplete, a line end is put behind it. `file` empty: standard error. The error is a sentence.
  static Result<Sink> open(const std::string& file);

  // Whether open() would find a file it may write, or a folder to make it in. Makes nothing; the error is open()'s.
  static Result<void> check(const std::string& file);

  // Opens the file of that name again, which may be a new one. Where that fails, and for standard error, nothing
  // changes.
  void reopen();

  // Writes a part of `bytes` and returns its length: 0 when there was no room for any within `wait`. The error is a
  // sentence with the system's reason (a full disk, a reader that has gone); what was not written may be tried again.
  Result<std::size_t> write(std::string_view bytes, std::chrono::milliseconds wait);
  const std::string& name() const noexcept { return name_; }

 private:
  Sink(UniqueFd owned, int fd, std::string name);

  UniqueFd owned_;
  int fd_;
  bool is_socket_;
  std::string name_;
};

}  // namespace postern::telemetry
