#include "mcp/member_name.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "base/strings.hpp"
#include "mcp/json_scanner.hpp"

namespace postern::mcp {
namespace {

struct Folding {
  std::string_view bytes;
  char letter;
};

constexpr std::array<Folding, 4> kFoldings = {{
    {"\xC5\xBF", 's'},      // U+017F LATIN SMALL LETTER LONG S
    {"\xE2\x84\xAA", 'k'},  // U+212A KELVIN SIGN
    {"\xC4\xB1", 'i'},      // U+0131 LATIN SMALL LETTER DOTLESS I
    {"\xC4\xB0", 'i'},      // U+0130 LATIN CAPITAL LETTER I WITH DOT ABOVE
}};

// Takes one character off the front of `text` and returns it folded; a byte that folds to nothing is itself.
char take_folded(std::string_view& text) noexcept {
  for (const auto& folding : kFoldings) {
    if (!text.starts_with(folding.bytes)) continue;
    text.remove_prefix(folding.bytes.size());
    return folding.letter;
  }
  const char c = ascii_lower(text.front());
  text.remove_prefix(1);
  return c;
}

}  // namespace

bool is_case_twin(std::string_view key, std::string_view expected) noexcept {
  if (key.size() < expected.size() || key == expected) return false;
  for (const char c : expected) {
    if (key.empty() || take_folded(key) != ascii_lower(c)) return false;
  }
  return key.empty();
}

KeyMatch match_key(std::string_view token, std::string_view name) {
  const auto key = string_of(token);
  if (!key) return KeyMatch::other;
  if (*key == name) return KeyMatch::same;
  const auto read_as = std::string_view(*key).substr(0, key->find('\0'));
  return read_as == name || is_case_twin(read_as, name) ? KeyMatch::twin : KeyMatch::other;
}

bool has_case_twin(const nlohmann::json& object, std::span<const std::string_view> names) noexcept {
  const auto* members = object.get_ptr<const nlohmann::json::object_t*>();
  if (members == nullptr) return false;
  return std::ranges::any_of(*members, [&](const auto& member) {
    return std::ranges::any_of(names, [&](std::string_view name) { return is_case_twin(member.first, name); });
  });
}

}  // namespace postern::mcp
