#pragma once

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

}  // namespace postern
