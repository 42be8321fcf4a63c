#include <algorithm>
#include <filesystem>
#include <ostream>

#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/loaded.hpp"
#include "base/strings.hpp"
#include "mcp/jsonrpc.hpp"
#include "policy/cases.hpp"
#include "tenant/directory.hpp"

namespace postern::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVerdicts[] = {"allow", "step_up", "deny", "not_found"};

// `cases/*.yaml` beside each policy file, each once, in order.
std::vector<std::string> cases_beside(const config::Config& config) {
  std::vector<std::string> found;
  for (const auto& policy : config.policies) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(fs::path(policy.path).parent_path() / "cases", ignored)) {
      if (entry.path().extension() == ".yaml") found.push_back(entry.path().string());
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

mcp::Message message_of(const ExplainOptions& options, const nlohmann::json& arguments) {
  if (!options.tool.empty()) return policy::tool_call(options.tool, arguments);
  if (!options.uri.empty()) return policy::resource_read(options.uri);
  if (!options.prompt.empty()) return policy::prompt_get(options.prompt);
  return policy::method_call(options.method);
}

const policy::Policy* choose(const server::Policies& policies, const std::string& name) {
  if (name.empty()) return policies.size() == 1 ? policies.begin()->second.get() : nullptr;
  const auto found = policies.find(name);
  return found == policies.end() ? nullptr : found->second.get();
}

int print_decision(const policy::Decision& decision, const policy::Caller& caller, Console& console) {
  const auto* verdict = kVerdicts[static_cast<std::size_t>(decision.verdict)];
  if (console.json) {
    const nlohmann::json body{{"verdict", verdict},        {"rule", decision.rule}, {"reason", decision.reason},
                              {"needed", decision.needed}, {"role", caller.role},   {"plan", caller.plan},
                              {"shadow", decision.shadow}};
    console.out << body.dump() << '\n';
  } else {
    console.out << verdict << " by " << decision.rule << '\n';
    if (!decision.reason.empty()) console.out << "because " << decision.reason << '\n';
    console.out << "role: " << (caller.role.empty() ? "(none)" : caller.role)
                << ", plan: " << (caller.plan.empty() ? "(none)" : caller.plan) << '\n';
    if (!decision.needed.empty()) console.out << "the challenge would ask for: " << join(decision.needed, " ") << '\n';
    if (decision.shadow) console.out << "shadow: the call would pass all the same\n";
  }
  return decision.verdict == policy::Verdict::allow ? kDone : kNo;
}

}  // namespace

int policy_test(const std::string& config_file, const std::vector<std::string>& given, Console& console) {
  const auto sources = config::system_sources();
  const auto loaded = app::load(config_file, sources);
  if (!loaded) {
    console.err << loaded.error().to_string();
    return kNo;
  }
  const auto files = given.empty() ? cases_beside(loaded->config) : given;
  if (files.empty())
    return say_error(console, "there are no case files; name them, or put them in `cases/` beside the policies");
  std::size_t passed = 0;
  std::size_t failed = 0;
  for (const auto& file : files) {
    const auto results = policy::run_cases(file, loaded->policies, sources);
    if (!results) {
      console.err << results.error().to_string();
      return kNo;
    }
    for (const auto& result : *results) {
      ++(result.passed ? passed : failed);
      if (!result.passed) {
        console.out << result.at.file << ':' << result.at.line << ':' << result.at.column << ": " << result.name << ": "
                    << result.what << '\n';
      }
    }
  }
  console.out << passed << " passed, " << failed << " failed\n";
  return failed == 0 && passed > 0 ? kDone : kNo;
}

int policy_explain(const ExplainOptions& options, Console& console) {
  const auto loaded = app::load(options.config, config::system_sources());
  if (!loaded) {
    console.err << loaded.error().to_string();
    return kNo;
  }
  const auto* policy = choose(loaded->policies, options.policy);
  if (policy == nullptr) return say_error(console, "name one policy of the configuration with --policy");
  auto arguments = nlohmann::json::object();
  if (!options.arguments.empty()) {
    auto parsed = mcp::parse_json(options.arguments);
    if (!parsed || !parsed->is_object()) return say_error(console, "--arguments is one JSON object");
    arguments = std::move(*parsed);
  }
  auto opened = store::open_store(loaded->config.store);
  if (!opened) return say_error(console, opened.error().what);
  const tenant::Directory directory(loaded->config, *opened->store);
  const auto membership = directory.membership(user_key(options.user), options.tenant);
  if (!membership) return say_error(console, membership.error().what);
  if (!*membership)
    return say_error(console, options.user + " is no member of " + options.tenant + ": every call is refused");
  const policy::Caller caller{split_words(options.scope), (*membership)->role, (*membership)->tenant.plan};
  return print_decision(policy->decide(message_of(options, arguments), caller), caller, console);
}

}  // namespace postern::app
