#include "upstream/duplex/line_splitter.hpp"

namespace postern::upstream {

Result<void> LineSplitter::feed(std::string_view bytes) {
  buffer_.erase(0, begin_);
  scanned_ -= begin_;
  open_ -= begin_;
  begin_ = 0;
  // In what is new alone: a long line comes in many pieces.
  if (const auto last_end = bytes.rfind('\n'); last_end != std::string_view::npos) {
    open_ = buffer_.size() + last_end + 1;
  }
  buffer_ += bytes;
  const std::size_t open = buffer_.size() - open_;
  const auto first_end = buffer_.find('\n', scanned_);
  const std::size_t first = first_end == std::string::npos ? buffer_.size() : first_end;
  if (open > limit_ || first > limit_) return fail(Errc::too_large, "a line is too long");
  return {};
}

std::optional<std::string_view> LineSplitter::next() noexcept {
  const auto end = buffer_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = buffer_.size();
    return std::nullopt;
  }
  std::string_view line = std::string_view(buffer_).substr(begin_, end - begin_);
  begin_ = end + 1;
  scanned_ = begin_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void LineSplitter::clear() noexcept {
  buffer_.clear();
  begin_ = 0;
  scanned_ = 0;
  open_ = 0;
}

}  // namespace postern::upstream
