#include "policy/task.hpp"

namespace postern::policy {

Decision decide_task(const Policy& policy, const mcp::Message& asked, std::string_view tool, const Caller& caller) {
  auto decision = policy.decide(asked, caller);
  if (decision.rule != "connect") return decision;
  mcp::Message call;
  call.method = "tools/call";
  call.name = tool;
  return policy.decide(call, caller);
}

}  // namespace postern::policy
