#include "upstream/input_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace postern::upstream {

namespace {

constexpr std::size_t kUsual = 16 * 1024;
constexpr std::size_t kLarge = 64 * 1024;

}  // namespace

std::span<char> InputBuffer::room() {
  const std::size_t unread = end_ - begin_;
  std::size_t wanted = std::max(capacity_, large_ ? kLarge : kUsual);
  if (unread == wanted) wanted *= 2;
  if (wanted != capacity_) {
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (unread > 0) std::memcpy(larger.get(), data_.get() + begin_, unread);
    data_ = std::move(larger);
    capacity_ = wanted;
  } else if (unread > 0 && begin_ > 0) {
    std::memmove(data_.get(), data_.get() + begin_, unread);
  }
  begin_ = 0;
  end_ = unread;
  return {data_.get() + end_, capacity_ - end_};
}

void InputBuffer::filled(std::size_t bytes) noexcept {
  drained_ = bytes < capacity_ - end_;
  large_ = large_ || !drained_;
  end_ += bytes;
}

void InputBuffer::release() noexcept {
  data_.reset();
  capacity_ = 0;
  begin_ = 0;
  end_ = 0;
}

}  // namespace postern::upstream
