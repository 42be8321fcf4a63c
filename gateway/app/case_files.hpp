#pragma once

#include <string>
#include <vector>

#include "app/loaded.hpp"

namespace postern::app {

// Beside `policies/NAME.yaml`: `policies/cases/NAME.yaml` and `policies/cases/NAME.*.yaml`. In order.
std::vector<std::string> cases_beside(const config::Config& config);

// The cases there whose expectation was right for an earlier version, each as "file:line:column: warning: sentence".
// Nothing of files that cannot be read: these are for `postern policy test`.
std::vector<std::string> outdated_cases(const Loaded& loaded, const config::Sources& sources);

}  // namespace postern::app
