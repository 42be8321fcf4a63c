// Policy files. One without faults decides, the same each time, and never lets pass what it cannot know; one with
// faults says where.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"
#include "require.hpp"

namespace {

using namespace postern;
using namespace postern::policy;

config::Sources no_sources() {
  return {[](const std::string&) { return std::optional<std::string>(); },
          [](const std::string&) -> Result<std::string> { return fail(Errc::not_found, "there is no such file"); }};
}

mcp::Message message_of(const std::string& method, const std::string& name, nlohmann::json params) {
  mcp::Message message;
  message.method = method;
  message.id = 1;
  message.name = name;
  message.params = std::move(params);
  return message;
}

std::vector<mcp::Message> messages() {
  const auto tool = [](const std::string& name, nlohmann::json arguments) {
    return message_of("tools/call", name, {{"name", name}, {"arguments", std::move(arguments)}});
  };
  return {
      tool("links.list", nlohmann::json::object()),
      tool("admin.reset", {{"url", "https://a.test"}, {"count", 9007199254740993}}),
      tool("links.write", {{"tags", {"a", 1, nullptr}}}),
      message_of("resources/read", "file:///public/a", {{"uri", "file:///public/a"}}),
      message_of("prompts/get", "greet", {{"name", "greet"}}),
      message_of("ping", "", nullptr),
      message_of("tools/list", "", nullptr),
  };
}

bool is_known(const Policy& policy, const std::string& scope) {
  for (const auto& known : policy.scopes()) {
    if (known.first == scope) return true;
  }
  return false;
}

void check_decision(const Policy& policy, const mcp::Message& message, const Caller& caller) {
  const auto decision = policy.decide(message, caller);
  const auto again = policy.decide(message, caller);
  require(decision.verdict == again.verdict && decision.rule == again.rule && decision.needed == again.needed,
          "the same call is decided the same way");
  require(!decision.rule.empty(), "a decision says by what");
  require(decision.verdict == Verdict::allow || !decision.reason.empty(), "and why, where it does not let pass");
  for (const auto& scope : decision.needed) require(is_known(policy, scope), "no scope is asked for that is not there");
  require(policy.includes_plan(caller.plan) || decision.verdict != Verdict::allow,
          "a plan that is left out is left out");
}

void check_policy(const Policy& policy) {
  std::vector<std::string> all;
  for (const auto& [name, text] : policy.scopes()) all.push_back(name);
  for (const auto& scope : policy.default_scopes()) require(is_known(policy, scope), "default scopes exist");
  const auto calls = messages();
  for (const std::string role : {"editor", "nobody"}) {
    const auto grantable = policy.grantable(all, role);
    for (const auto& scope : grantable) require(is_known(policy, scope), "what a role may hold exists");
    require(policy.grantable(grantable, role) == grantable, "what may be granted may be granted");
    require(policy.grantable({"no such scope"}, role).empty(), "an unknown scope is nobody's");
    for (const std::string plan : {"business", "none"}) {
      for (const auto& message : calls) {
        check_decision(policy, message, {all, role, plan});
        check_decision(policy, message, {{}, role, plan});
      }
      for (const auto* method : {"no/such", "Tools/call", "sampling/createMessage"}) {
        require(policy.decide(message_of(method, "", nullptr), {all, role, plan}).verdict != Verdict::allow,
                "a method nobody knows does not pass");
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto loaded = policy::load_text(input, "p.yaml", no_sources());
  if (loaded) {
    check_policy(**loaded);
    return 0;
  }
  const auto faults = loaded.error();
  require(!faults.empty(), "what is refused has a fault");
  for (const auto& fault : faults.all()) {
    require(fault.at.file == "p.yaml" && fault.at.line >= 1 && fault.at.column >= 1, "with a place");
    require(!fault.what.empty(), "and a sentence");
  }
  const auto lines = faults.to_string();
  require(static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n')) == faults.all().size(),
          "each on a line of its own");
  const auto again = policy::load_text(input, "p.yaml", no_sources());
  require(!again && again.error().to_string() == faults.to_string(), "the same each time");
  return 0;
}
