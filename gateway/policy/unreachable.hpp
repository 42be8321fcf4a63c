#pragma once

#include <vector>

#include "config/position.hpp"
#include "policy/document.hpp"

namespace postern::policy {

// The globs of rules that decide nothing, because earlier rules name all that they name: the first rule that names a
// call decides, whatever it then demands. Each with its place and a sentence that says so. What is not certain is left
// out: no glob is named here that could decide a call.
std::vector<config::Fault> unreachable_globs(const std::vector<Rule>& rules);

}  // namespace postern::policy
