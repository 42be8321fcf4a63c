#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

// RFC 4648 section 5, without padding: tokens, PKCE challenges, sealed values.
std::string base64url_encode(std::string_view bytes);
// Strict: no padding, no other alphabet, no stray bits in the last character.
std::optional<std::string> base64url_decode(std::string_view text);
// RFC 4648 section 4, padding required: HTTP Basic, MCP's `=?base64?…?=`.
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

std::string hex_encode(std::string_view bytes);

// True for well-formed UTF-8 by RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view bytes) noexcept;

// What non-empty bytes begin with: a well-formed character, or bytes that a decoder replaces by one U+FFFD.
struct Utf8Part {
  std::size_t length = 0;  // at least 1
  bool valid = false;
};

// The WHATWG Encoding Standard's UTF-8 decoder: an invalid part is the longest beginning of a character that the bytes
// hold ("maximal subpart"), or a single byte that begins none.
Utf8Part next_utf8(std::string_view bytes) noexcept;

}  // namespace postern
