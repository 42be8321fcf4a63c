#pragma once

#include <cstddef>
#include <string>

// The memory of texts that grow to many megabytes, where it is counted.
namespace postern {

// How long a text may become without being moved, once `more` bytes found no room in it: it grows by half, but not
// beyond `most` unless the bytes need it.
std::size_t next_capacity(const std::string& text, std::size_t more, std::size_t most) noexcept;
// Makes room for exactly that many bytes. std::string::reserve() doubles the room instead, whatever it is asked for.
void reserve_exactly(std::string& text, std::size_t capacity);

}  // namespace postern
