#include "edge/http1/input_buffer.hpp"

#include <cstring>

namespace postern::edge {

constexpr std::size_t kBodyRoom = 8 * 1024;

InputBuffer::InputBuffer(std::size_t head_limit)
    : block_(std::make_unique_for_overwrite<char[]>(head_limit + kBodyRoom)), capacity_(head_limit + kBodyRoom) {}

std::span<char> InputBuffer::space() noexcept {
  if (begin_ > pinned_) {
    std::memmove(block_.get() + pinned_, block_.get() + begin_, end_ - begin_);
    end_ -= begin_ - pinned_;
    begin_ = pinned_;
  }
  return {block_.get() + end_, capacity_ - end_};
}

std::string_view InputBuffer::pin(std::size_t bytes) noexcept {
  space();  // moves the data to the very front first
  pinned_ = bytes;
  begin_ = bytes;
  return {block_.get(), bytes};
}

void InputBuffer::unpin() noexcept {
  pinned_ = 0;
  space();
}

}  // namespace postern::edge
