#pragma once

#include <string_view>

#include "policy/policy.hpp"

namespace postern::policy {

// What a caller may do with a task that a call of `tool` has made (MCP 2025-11-25 "Tasks"; SEP-2663). `asked` names the
// task. A rule that names its method decides; otherwise the rule of the tool does, except for the arguments, which have
// passed when the call was made.
Decision decide_task(const Policy& policy, const mcp::Message& asked, std::string_view tool, const Caller& caller);

}  // namespace postern::policy
