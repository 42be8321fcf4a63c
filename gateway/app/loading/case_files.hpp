#pragma once

#include <string>
#include <vector>

#include "app/loading/loaded.hpp"

namespace postern::app {

// The files of cases that go with `policies/NAME.yaml`, sorted: `policies/cases/NAME.yaml` and
// `policies/cases/NAME.*.yaml`.
std::vector<std::string> cases_beside(const config::Config& config);

// The cases there whose expectation was right for an earlier version, each as "file:line:column: warning: sentence".
// Files that cannot be read are skipped here: `postern policy test` reports them.
std::vector<std::string> outdated_cases(const Loaded& loaded, const config::Sources& sources);

}  // namespace postern::app
