#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/describe/describe.hpp"

namespace postern::config {

// The last word of the row's path.
inline std::string key_of(const Row& row) { return row.path.substr(row.path.rfind('.') + 1); }

// What the paths of the keys inside the row begin with; empty for a row without any.
inline std::string inside(const Row& row) {
  switch (row.type) {
    case Row::Type::mapping: return row.path + ".";
    case Row::Type::list: return row.path + "[].";
    case Row::Type::named: return row.path + ".*.";
    default: return {};
  }
}

// The rows directly below `prefix`; those of the top level for an empty one.
inline std::vector<const Row*> children(const std::vector<Row>& rows, std::string_view prefix) {
  std::vector<const Row*> found;
  for (const auto& row : rows) {
    if (row.path.starts_with(prefix) && row.path.find('.', prefix.size()) == std::string::npos) found.push_back(&row);
  }
  return found;
}

}  // namespace postern::config
