#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace postern::edge {

// What was received and not yet used, in one block of fixed size. The head of the request under way is pinned at the
// front, because its views point into it; body bytes and pipelined requests stand behind. Not thread-safe.
class InputBuffer {
 public:
  // Room for a head of that size and some more, so that reading goes on while a head is pinned.
  explicit InputBuffer(std::size_t head_limit);

  // Received bytes behind the pinned head.
  std::string_view data() const noexcept { return {block_.get() + begin_, end_ - begin_}; }
  // Free space to read into; may be empty when the peer sends more than it is asked for.
  std::span<char> space() noexcept;
  void received(std::size_t bytes) noexcept { end_ += bytes; }
  void consume(std::size_t bytes) noexcept { begin_ += bytes; }

  // Keeps the first `bytes` of data() in place until unpin().
  std::string_view pin(std::size_t bytes) noexcept;
  void unpin() noexcept;

 private:
  std::unique_ptr<char[]> block_;
  std::size_t capacity_;
  std::size_t pinned_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace postern::edge
