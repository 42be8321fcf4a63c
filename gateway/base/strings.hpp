#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// ASCII only: protocol elements are compared without locale.
constexpr char ascii_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string ascii_lower(std::string_view text);
bool ascii_iequals(std::string_view a, std::string_view b) noexcept;

// Blanks and tabs at both ends.
std::string_view trim(std::string_view text) noexcept;
// Every piece between separators, empty ones too.
std::vector<std::string_view> split(std::string_view text, char separator);
// RFC 6749 section 3.3 scope lists: pieces between blanks, empty ones dropped.
std::vector<std::string> split_words(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// Sets `out` to the number; false on anything but 1 to 19 decimal digits that fit.
bool parse_uint(std::string_view text, std::uint64_t& out) noexcept;

}  // namespace postern
