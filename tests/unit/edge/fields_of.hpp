#pragma once

#include <string>
#include <utility>
#include <vector>

#include "http/fields.hpp"

namespace postern::edge {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Views into the pairs.
inline http::FieldBlock fields_of(const Pairs& pairs) {
  http::FieldBlock fields;
  for (const auto& [name, value] : pairs) fields.push({name, value});
  return fields;
}

}  // namespace postern::edge
