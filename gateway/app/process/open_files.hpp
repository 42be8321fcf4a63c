#pragma once

#include <cstddef>
#include <string>

#include "config/config.hpp"
#include "limits/descriptor_budget.hpp"

namespace postern::app {

// Raises the limit of open files of this process to what the configuration may need. Where that is not possible, the
// configuration's limits of connections are lowered to what fits. Called before workers and pools start.
struct OpenFiles {
  std::size_t started_with = 0;  // the soft limit of before, for programs that are run; 0: not known
  std::string warning;           // a sentence for the operator where connections were lowered, to 0 in the worst case
};
OpenFiles claim_open_files(config::Config& config, limits::DescriptorUsers users);

}  // namespace postern::app
