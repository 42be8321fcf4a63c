#include <ostream>
#include <set>

#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/loading/case_files.hpp"
#include "app/loading/loaded.hpp"
#include "base/strings.hpp"
#include "mcp/jsonrpc.hpp"
#include "policy/cases.hpp"
#include "tenant/directory.hpp"

namespace postern::app {
namespace {

constexpr const char* kVerdicts[] = {"allow", "step_up", "deny", "not_found"};

mcp::Message message_of(const ExplainOptions& options, const nlohmann::json& arguments) {
  if (!options.tool.empty()) return policy::tool_call(options.tool, arguments);
  if (!options.uri.empty()) return policy::resource_read(options.uri);
  if (!options.prompt.empty()) return policy::prompt_get(options.prompt);
  return policy::method_call(options.method);
}

// The one asked for, else the only one that resources name.
const policy::Policy* choose(const Loaded& loaded, const std::string& asked_for) {
  std::set<std::string> named;
  for (const auto& resource : loaded.config.resources) named.insert(resource.policy);
  const auto& name = asked_for.empty() && named.size() == 1 ? *named.begin() : asked_for;
  const auto found = loaded.policies.find(name);
  return found == loaded.policies.end() ? nullptr : found->second.get();
}

int print_decision(const policy::Decision& decision, const policy::Caller& caller, Console& console) {
  const auto* verdict = kVerdicts[static_cast<std::size_t>(decision.verdict)];
  const auto challenge = decision.verdict == policy::Verdict::step_up
                             ? policy::challenge_scopes(decision, caller.scopes)
                             : std::vector<std::string>();
  if (console.json) {
    const nlohmann::json body{{"verdict", verdict},        {"rule", decision.rule},    {"reason", decision.reason},
                              {"needed", decision.needed}, {"challenge", challenge},   {"role", caller.role},
                              {"plan", caller.plan},       {"shadow", decision.shadow}};
    print_json(console, body);
  } else {
    console.out << verdict << " by " << decision.rule << '\n';
    if (!decision.reason.empty()) console.out << "because " << decision.reason << '\n';
    console.out << "role: " << (caller.role.empty() ? "(none)" : caller.role)
                << ", plan: " << (caller.plan.empty() ? "(none)" : caller.plan) << '\n';
    if (!decision.needed.empty()) console.out << "the call needs: " << join(decision.needed, " ") << '\n';
    if (!challenge.empty()) console.out << "the challenge would ask for: " << join(challenge, " ") << '\n';
    if (decision.shadow) console.out << "shadow: the call would pass all the same\n";
  }
  return decision.verdict == policy::Verdict::allow ? kDone : kNo;
}

// Why the user is not a member there: a tenant or user that does not exist is most likely misspelt.
Result<std::string> reason_of_no_member(bool user_is_known, const tenant::Directory& directory,
                                        const ExplainOptions& options) {
  const auto tenant = directory.find(options.tenant);
  if (!tenant) return tenant.error();
  std::vector<std::string> unknown;
  if (!*tenant) unknown.push_back("there is no tenant `" + options.tenant + "`");
  const auto elsewhere = directory.memberships(user_key(options.user));
  if (!elsewhere) return elsewhere.error();
  if (!user_is_known && elsewhere->empty()) unknown.push_back("there is no user `" + options.user + "`");
  if (!unknown.empty()) return join(unknown, ", and ");
  return options.user + " is not a member of " + options.tenant;
}

// The error is a sentence.
Result<tenant::Membership> membership_of(const Loaded& loaded, store::Store& store, const ExplainOptions& options) {
  const auto user = store.users().find(user_key(options.user));
  if (!user) return user.error();
  if (*user && (*user)->disabled) return fail(Errc::denied, options.user + " is disabled: every call is refused");
  const tenant::Directory directory(loaded.config, store);
  auto membership = directory.membership(user_key(options.user), options.tenant);
  if (!membership) return membership.error();
  if (*membership) return **std::move(membership);
  const auto reason = reason_of_no_member(user->has_value(), directory, options);
  if (!reason) return reason.error();
  return fail(Errc::not_found, *reason + ": every call is refused");
}

}  // namespace

int policy_test(const std::string& config_file, const std::vector<std::string>& given, Console& console) {
  const auto sources = config::system_sources();
  const auto loaded = app::load_for_command(config_file, sources);
  if (!loaded) {
    console.err << loaded.error().to_string();
    return kNo;
  }
  const auto files = given.empty() ? cases_beside(loaded->config) : given;
  if (files.empty())
    return say_error(console, "there are no case files; name them, or put them in `cases/` beside the policies");
  std::size_t passed = 0;
  auto failures = nlohmann::json::array();
  for (const auto& file : files) {
    const auto results = policy::run_cases(file, loaded->policies, sources);
    if (!results) {
      console.err << results.error().to_string();
      return kNo;
    }
    for (const auto& result : *results) {
      if (result.passed) {
        ++passed;
        continue;
      }
      const auto& at = result.at;
      failures.push_back(
          {{"file", at.file}, {"line", at.line}, {"column", at.column}, {"name", result.name}, {"what", result.what}});
      if (!console.json) console.out << config::to_string(at) << ": " << result.name << ": " << result.what << '\n';
    }
  }
  const auto failed = failures.size();
  say_done(console, std::to_string(passed) + " passed, " + std::to_string(failed) + " failed",
           {{"passed", passed}, {"failed", failed}, {"failures", std::move(failures)}});
  return failed == 0 && passed > 0 ? kDone : kNo;
}

int policy_explain(const ExplainOptions& options, Console& console) {
  const auto loaded = app::load_for_command(options.config, config::system_sources());
  if (!loaded) {
    console.err << loaded.error().to_string();
    return kNo;
  }
  const auto* policy = choose(*loaded, options.policy);
  if (policy == nullptr) return say_error(console, "name one policy of the configuration with --policy");
  const auto scopes = split_words(options.scope);
  for (const auto& scope : scopes) {
    if (!policy->knows_scope(scope))
      return say_error(console, "the policy `" + policy->name() + "` has no scope `" + scope +
                                    "`; --scope takes scopes separated by blanks");
  }
  if (!options.method.empty() && !mcp::find_method(options.method).named_by.empty()) {
    return say_error(console, "`" + options.method + "` names something: give it with --tool, --resource or --prompt");
  }
  auto arguments = nlohmann::json::object();
  if (!options.arguments.empty()) {
    auto parsed = mcp::parse_json(options.arguments);
    if (!parsed || !parsed->is_object()) return say_error(console, "--arguments must be one JSON object");
    arguments = std::move(*parsed);
  }
  auto opened = open_store(loaded->config, NoStore::make, console);
  if (!opened) return say_error(console, opened.error().what);
  const auto membership = membership_of(*loaded, *opened->store, options);
  if (!membership) return say_error(console, membership.error().what);
  const policy::Caller caller{scopes, membership->role, membership->tenant.plan, policy->asks_beyond_connect(scopes)};
  return print_decision(policy->decide(message_of(options, arguments), caller), caller, console);
}

}  // namespace postern::app
