#pragma once

#include "config/position.hpp"
#include "config/text/yaml.hpp"

namespace postern::config {

struct Sources;

// Replaces ${NAME} and ${NAME:-default} in a scalar. The default stands in for a name that is unset or empty and ends
// at the first `}`; `$${` is a literal `${`. Faults name the variable and never show a value.
void fill(Value& value, const Sources& sources, Faults& faults);

}  // namespace postern::config
