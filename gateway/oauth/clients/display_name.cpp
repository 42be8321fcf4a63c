#include "oauth/clients/display_name.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace postern::oauth {
namespace {

constexpr std::size_t kMostCharacters = 200;

struct Range {
  char32_t first;
  char32_t last;
};

constexpr auto kRefused = std::to_array<Range>({
    {0x00, 0x1F},        // control
    {0x7F, 0x9F},        // DEL and control
    {0xAD, 0xAD},        // soft hyphen
    {0x61C, 0x61C},      // Arabic letter mark
    {0x115F, 0x1160},    // Hangul fillers
    {0x180E, 0x180E},    // Mongolian vowel separator
    {0x200B, 0x200B},    // zero width space; the joiners after it are part of names and emoji
    {0x200E, 0x200F},    // direction marks
    {0x2028, 0x202E},    // line ends, embeddings and overrides
    {0x2060, 0x206F},    // invisible operators, isolates
    {0x2800, 0x2800},    // blank Braille pattern
    {0x3164, 0x3164},    // Hangul filler
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFA0, 0xFFA0},    // half-width Hangul filler
    {0xFFF0, 0xFFFB},    // interlinear annotation
    {0xE0000, 0xE0FFF},  // tags
});

// The character at the front of valid UTF-8, taken off.
char32_t take_character(std::string_view& text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  const auto length = static_cast<std::size_t>(std::max(1, std::countl_one(lead)));
  char32_t character = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length && i < text.size(); ++i) {
    character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(std::min(length, text.size()));
  return character;
}

}  // namespace

std::optional<std::string> display_name_fault(std::string_view name) {
  std::size_t characters = 0;
  while (!name.empty()) {
    const char32_t character = take_character(name);
    const bool refused = std::ranges::any_of(
        kRefused, [character](const Range& range) { return character >= range.first && character <= range.last; });
    if (refused) return "must not hold control, invisible or direction-changing characters.";
    if (++characters > kMostCharacters) return "must be 200 characters long at most.";
  }
  return std::nullopt;
}

}  // namespace postern::oauth
