#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "policy/policy.hpp"

namespace postern::policy {

// One case of a cases file (policies/cases/*.yaml):
//   policy: ten-x
//   cases:
//     - {name: viewers read, tool: links.list, arguments: {…}, scopes: […], role: viewer, plan: pro, expect: allow}
// Instead of `tool`: `resource`, `prompt` or `method`. `expect`: allow, step_up, deny or not_found. Optional: `needs:
// […]` (the scopes the call needs, for step_up) and `visible: true|false` (whether lists show it).
struct CaseResult {
  config::Position at;
  std::string name;
  bool passed = false;
  bool outdated = false;  // expects the `not_found` that a rule's `plans` once gave
  std::string what;       // "expected deny, got allow by rules[0]"
};

using Policies = std::map<std::string, std::shared_ptr<const Policy>, std::less<>>;

boost::system::result<std::vector<CaseResult>, config::Faults> run_cases(const std::string& path,
                                                                         const Policies& policies,
                                                                         const config::Sources& sources);

// The message a real client would send for a tool call, resource read or prompt: used by cases and `policy explain`.
mcp::Message tool_call(std::string_view tool, const nlohmann::json& arguments);
mcp::Message resource_read(std::string_view uri);
mcp::Message prompt_get(std::string_view prompt, const nlohmann::json& arguments = nlohmann::json::object());
mcp::Message method_call(std::string_view method);

}  // namespace postern::policy
