#include "config/position.hpp"

#include <algorithm>
#include <tuple>

#include "base/encoding.hpp"

namespace postern::config {
namespace {

// A name in the file may hold what the file spells as \n: a fault stays on its line all the same.
std::string on_one_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool control = (c >= 0 && c < 0x20) || c == 0x7F;
    if (control) out += "\\x" + hex_encode({&c, 1});
    if (!control) out += c;
  }
  return out;
}

}  // namespace

std::string to_string(const Position& at) {
  return at.file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

void Faults::retract(const Position& at, std::string_view what) {
  std::erase_if(faults_, [&](const Fault& fault) {
    return fault.what == what && fault.at.file == at.file && fault.at.line == at.line && fault.at.column == at.column;
  });
}

std::string Faults::to_string() const {
  auto ordered = faults_;
  std::sort(ordered.begin(), ordered.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.at.file, a.at.line, a.at.column, a.what) < std::tie(b.at.file, b.at.line, b.at.column, b.what);
  });
  std::string out;
  for (const auto& fault : ordered) out += config::to_string(fault.at) + ": " + on_one_line(fault.what) + "\n";
  return out;
}

}  // namespace postern::config
