#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postern::mcp {

// JSON text with its damaged characters replaced by U+FFFD: each invalid part of UTF-8 as the WHATWG Encoding
// Standard's decoder replaces it, and each escape of half a surrogate pair (RFC 8259 section 8.2), which becomes
// `\ufffd`. nullopt where nothing is damaged.
//
// Every other byte is kept, and a replacement never ends a string, begins an escape or adds a value: a repaired
// document has the structure that the original has for a reader who tolerates the damage. Text that is not JSON stays
// so. Work is linear in the size; the result is at most three times as long. A caller that repairs a text must decide
// on the repaired one, since two damaged names may become the same.
std::optional<std::string> repaired_text(std::string_view json);
// How long the repaired text is; 0 where nothing is damaged.
std::size_t repaired_size(std::string_view json) noexcept;

}  // namespace postern::mcp
