#include "upstream/duplex/line_splitter.hpp"

namespace postern::upstream {

Result<void> LineSplitter::feed(std::string_view bytes) {
  buffer_.erase(0, begin_);
  scanned_ -= begin_;
  begin_ = 0;
  buffer_ += bytes;
  const auto last_end = buffer_.rfind('\n');
  const std::size_t open = last_end == std::string::npos ? buffer_.size() : buffer_.size() - last_end - 1;
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
}

}  // namespace postern::upstream
