#pragma once

#include <vector>

#include "config/describe/describe.hpp"

namespace postern::config {

// The rows of describe() about what is elsewhere: authorization servers with `external`, identity providers.
std::vector<Row> describe_external();
std::vector<Row> describe_providers();

}  // namespace postern::config
