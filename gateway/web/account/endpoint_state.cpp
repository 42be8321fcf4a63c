#include "web/account/endpoint_state.hpp"

#include "base/strings.hpp"
#include "web/display.hpp"

namespace postern::web {
namespace {

std::string tools_text(const store::ToolCheck& check) {
  const std::string count = check.tools == 0   ? "The server answers, and has no tools for you"
                            : check.tools == 1 ? "1 tool can be listed"
                                               : std::to_string(check.tools) + " tools can be listed";
  return count + ", as of " + display_time(check.at) + ".";
}

std::string missing_text(const policy::Decision& connect) {
  if (connect.verdict == policy::Verdict::step_up) {
    return "Every request needs " + join(connect.needed, ", ") +
           ", which the app did not ask for or was not given: " + "connect it again with these scopes.";
  }
  return "Your role does not allow any request: ask an administrator.";
}

}  // namespace

StateText state_without_grant() { return {EndpointState::never, "No app of yours is connected here."}; }

StateText state_of(const store::Grant& grant, const store::ToolCheck* check, const policy::Decision& connect) {
  if (!connect.shadow && connect.verdict != policy::Verdict::allow) {
    return {EndpointState::scope_missing, missing_text(connect)};
  }
  if (check != nullptr && check->outcome == store::ToolCheckOutcome::listed) {
    return {EndpointState::connected, tools_text(*check)};
  }
  if (check != nullptr && check->outcome == store::ToolCheckOutcome::unreachable) {
    return {EndpointState::upstream_down,
            "The server behind did not list its tools on " + display_time(check->at) + ": ask its operator."};
  }
  if (grant.last_used_at) {
    return {EndpointState::connected, "Last used on " + display_time(*grant.last_used_at) + "."};
  }
  return {EndpointState::waiting, "Authorized on " + display_time(grant.created_at) +
                                      "; no call has come yet, and its tools were not listed yet."};
}

}  // namespace postern::web
