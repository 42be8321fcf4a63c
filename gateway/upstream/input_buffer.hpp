#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace postern::upstream {

// What was received and not yet used. Starts at 16 KiB, grows to 64 KiB for a body that keeps filling it, and holds no
// memory while a stream has nothing to say. Views into it are valid until the next room() or release().
class InputBuffer {
 public:
  std::string_view unread() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
  char* unread_data() noexcept { return data_.get() + begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  void consume(std::size_t bytes) noexcept { begin_ += bytes; }

  // Where to receive into; never empty. Keeps what is unread, growing when that fills the buffer.
  std::span<char> room();
  // That many bytes were received into the room.
  void filled(std::size_t bytes) noexcept;
  // The last read took all there was, so that the next will have to wait.
  bool drained() const noexcept { return drained_; }
  // Gives the memory back; only when empty.
  void release() noexcept;

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool drained_ = true;
  bool large_ = false;
};

}  // namespace postern::upstream
