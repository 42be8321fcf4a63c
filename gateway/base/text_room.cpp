#include "base/text_room.hpp"

#include <algorithm>
#include <utility>

namespace postern {

std::size_t next_capacity(const std::string& text, std::size_t more, std::size_t most) noexcept {
  const auto needed = text.size() + more;
  if (needed <= text.capacity()) return text.capacity();
  return std::max(needed, std::min(text.capacity() + text.capacity() / 2, most));
}

void reserve_exactly(std::string& text, std::size_t capacity) {
  if (capacity <= text.capacity()) return;
  std::string larger;
  larger.reserve(capacity);
  larger += text;
  text = std::move(larger);
}

}  // namespace postern
