#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postern::upstream {

// Cuts a byte stream into lines, whatever the read boundaries. A CR before the LF is dropped. Work is linear in the
// bytes fed; memory is one line and one read. Only the beginning of a line over the limit is handed out, as soon as it
// has grown too long, and the rest of it is skipped.
class LineSplitter {
 public:
  // `limit`: the longest line, in bytes.
  explicit LineSplitter(std::size_t limit) noexcept : limit_(limit) {}

  void feed(std::string_view bytes);
  // The next whole line without its end, or the beginning of one that is too long. Valid until the next call of feed().
  std::optional<std::string_view> next() noexcept;
  // Whether the line that next() has just returned is only the beginning of one.
  bool is_cut() const noexcept { return is_cut_; }
  // What follows the last line that was handed out; empty while a line is skipped.
  std::string_view rest() const noexcept { return std::string_view(buffer_).substr(begin_); }

 private:
  std::size_t limit_;
  std::string buffer_;
  std::size_t begin_ = 0;    // of the first line not handed out
  std::size_t scanned_ = 0;  // no line end before it
  bool skipping_ = false;    // the rest of a line whose beginning was handed out
  bool is_cut_ = false;
};

}  // namespace postern::upstream
