#include "config/text/file_kind.hpp"

#include <algorithm>

#include "config/text/nearest.hpp"
#include "config/text/ticked.hpp"

namespace postern::config {
namespace {

constexpr std::size_t kKeysNamed = 3;
constexpr std::size_t kLongestShown = 64;

}  // namespace

bool FileKind::holds(std::string_view key) const {
  return std::ranges::find(keys, key) != keys.end() || !nearest(key, keys).empty();
}

std::string FileKind::form() const {
  std::string out = "a mapping of keys to values, such as ";
  const auto named = std::min(keys.size(), kKeysNamed);
  for (std::size_t i = 0; i < named; ++i) out += (i == 0 ? "" : i + 1 == named ? " and " : ", ") + ticked(keys[i]);
  return out;
}

bool may_be_shown(std::string_view key) noexcept {
  return key.size() <= kLongestShown && std::ranges::all_of(key, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                  c == '.';
         });
}

}  // namespace postern::config
