#include "upstream/duplex/channels/line_splitter.hpp"

#include <algorithm>

namespace postern::upstream {

void LineSplitter::feed(std::string_view bytes) {
  buffer_.erase(0, begin_);
  scanned_ -= begin_;
  begin_ = 0;
  if (skipping_) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    skipping_ = false;
  }
  buffer_ += bytes;
}

std::optional<std::string_view> LineSplitter::next() noexcept {
  // From where no line end was found: a long line comes in many pieces.
  const auto end = buffer_.find('\n', scanned_);
  const bool open = end == std::string::npos;
  const auto size = (open ? buffer_.size() : end) - begin_;
  is_cut_ = size > limit_;
  if (open && !is_cut_) {
    scanned_ = buffer_.size();
    return std::nullopt;
  }
  auto line = std::string_view(buffer_).substr(begin_, std::min(size, limit_));
  begin_ = open ? buffer_.size() : end + 1;
  scanned_ = begin_;
  skipping_ = open;
  if (!is_cut_ && line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace postern::upstream
