#include "config/position.hpp"

#include <algorithm>
#include <tuple>

namespace postern::config {

std::string to_string(const Position& at) {
  return at.file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string Faults::to_string() const {
  auto ordered = faults_;
  std::sort(ordered.begin(), ordered.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.at.file, a.at.line, a.at.column, a.what) < std::tie(b.at.file, b.at.line, b.at.column, b.what);
  });
  std::string out;
  for (const auto& fault : ordered) out += config::to_string(fault.at) + ": " + fault.what + "\n";
  return out;
}

}  // namespace postern::config
