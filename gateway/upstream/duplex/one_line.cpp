#include "upstream/duplex/one_line.hpp"

#include <array>
#include <utility>

namespace postern::upstream {

namespace {

using Escape = std::pair<std::string_view, std::string_view>;
constexpr std::array<Escape, 3> kEscapes = {
    {{"\xC2\x85", "\\u0085"}, {"\xE2\x80\xA8", "\\u2028"}, {"\xE2\x80\xA9", "\\u2029"}}};

}  // namespace

std::string on_one_line(std::string_view json) {
  std::string out;
  out.reserve(json.size() + 1);
  for (std::size_t at = 0; at < json.size();) {
    const auto next = json.find_first_of("\xC2\xE2", at);
    out += json.substr(at, next - at);
    if (next == std::string_view::npos) break;
    const auto rest = json.substr(next);
    at = next + 1;
    bool escaped = false;
    for (const auto& [raw, instead] : kEscapes) {
      if (!rest.starts_with(raw)) continue;
      out += instead;
      at = next + raw.size();
      escaped = true;
    }
    if (!escaped) out += json[next];
  }
  return out;
}

}  // namespace postern::upstream
