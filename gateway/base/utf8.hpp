#pragma once

#include <cstddef>
#include <string_view>

namespace postern {

// What non-empty bytes begin with: a well-formed character, or bytes that a decoder replaces by one U+FFFD.
struct Utf8Part {
  std::size_t length = 0;  // at least 1
  bool valid = false;
};

// The WHATWG Encoding Standard's UTF-8 decoder: an invalid part is the longest beginning of a character that the bytes
// hold ("maximal subpart"), or a single byte that begins none. Well-formed is what RFC 3629 says: no overlong form, no
// surrogate, nothing above U+10FFFF.
Utf8Part next_utf8(std::string_view bytes) noexcept;

}  // namespace postern
