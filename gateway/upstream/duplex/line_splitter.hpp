#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace postern::upstream {

// Cuts a byte stream into lines, whatever the read boundaries. A CR before the LF is dropped. Work is linear in the
// bytes fed; memory is one line and one read.
class LineSplitter {
 public:
  // `limit`: the longest line, in bytes.
  explicit LineSplitter(std::size_t limit) noexcept : limit_(limit) {}

  // too_large when a line grows over the limit: the splitter is then of no more use.
  Result<void> feed(std::string_view bytes);
  // The next whole line without its end. Valid until the next call of feed().
  std::optional<std::string_view> next() noexcept;
  // What follows the last whole line.
  std::string_view rest() const noexcept { return std::string_view(buffer_).substr(begin_); }
  void clear() noexcept;

 private:
  std::size_t limit_;
  std::string buffer_;
  std::size_t begin_ = 0;    // of the first line not handed out
  std::size_t scanned_ = 0;  // no line end before it
  std::size_t open_ = 0;     // where the line begins that has no end yet
};

}  // namespace postern::upstream
