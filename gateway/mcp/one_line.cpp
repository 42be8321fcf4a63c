#include "mcp/one_line.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "mcp/repair.hpp"

namespace postern::mcp {

namespace {

using Escape = std::pair<std::string_view, std::string_view>;
constexpr std::array<Escape, 3> kEscapes = {
    {{"\xC2\x85", "\\u0085"}, {"\xE2\x80\xA8", "\\u2028"}, {"\xE2\x80\xA9", "\\u2029"}}};

}  // namespace

std::string without_line_ends(std::string json) {
  std::ranges::replace_if(json, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return json;
}

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
  return without_line_ends(std::move(out));
}

std::string deliverable(std::string_view json) {
  auto repaired = repaired_text(json);
  return without_line_ends(repaired ? std::move(*repaired) : std::string(json));
}

}  // namespace postern::mcp
