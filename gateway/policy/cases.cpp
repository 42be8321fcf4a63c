#include "policy/cases.hpp"

#include <algorithm>

#include "base/strings.hpp"
#include "config/text/file_kind.hpp"
#include "policy/yaml_json.hpp"

namespace postern::policy {
namespace {

using config::Faults;
using config::MapReader;
using config::Value;

constexpr std::string_view kVerdicts[] = {"allow", "step_up", "deny", "not_found"};

constexpr std::string_view kNotOfTheResource =
    " (only the policy's own `plans` give not_found, because the whole resource does not exist for other plans; the "
    "`plans` of a rule deny the call: write `expect: deny`)";

struct Case {
  config::Position at;
  std::string name;
  mcp::Message message;
  mcp::ListKind list = mcp::ListKind::none;
  Caller caller;
  Verdict expect = Verdict::deny;
  std::optional<std::vector<std::string>> needs;
  std::optional<bool> visible;
};

std::string verdict_name(Verdict verdict) { return std::string(kVerdicts[static_cast<std::size_t>(verdict)]); }

void read_call(MapReader& reader, Case& out) {
  std::string tool;
  std::string resource;
  std::string prompt;
  std::string method;
  reader.string("tool", tool);
  reader.string("resource", resource);
  reader.string("prompt", prompt);
  reader.string("method", method);
  auto arguments = nlohmann::json::object();
  if (const auto* given = reader.map("arguments")) arguments = to_json(*given);
  const int named = !tool.empty() + !resource.empty() + !prompt.empty() + !method.empty();
  if (named != 1) reader.faults().add(reader.at(), "a case names one of `tool`, `resource`, `prompt` and `method`");
  if (!tool.empty()) {
    out.message = tool_call(tool, arguments);
    out.list = mcp::ListKind::tools;
  } else if (!resource.empty()) {
    out.message = resource_read(resource);
    out.list = mcp::ListKind::resources;
  } else if (!prompt.empty()) {
    out.message = prompt_get(prompt, arguments);
    out.list = mcp::ListKind::prompts;
  } else {
    out.message = method_call(method);
    if (!mcp::find_method(method).named_by.empty())
      reader.faults().add(reader.at("method"),
                          "`" + method + "` names something: give it as `tool`, `resource` or `prompt`");
  }
  if (reader.has("arguments") && tool.empty() && prompt.empty())
    reader.faults().add(reader.at("arguments"), "`arguments` fit a case with `tool` or `prompt`");
}

// A misspelt name would make a case pass for the wrong reason.
void check_names(const Case& one, const Policy& policy, const MapReader& reader, Faults& faults) {
  if (!one.caller.role.empty() && !policy.knows_role(one.caller.role))
    faults.add(reader.at("role"), "the policy `" + policy.name() + "` has no role `" + one.caller.role + "`");
  for (const auto& scope : one.caller.scopes) {
    if (!policy.knows_scope(scope))
      faults.add(reader.at("scopes"), "the policy `" + policy.name() + "` has no scope `" + scope + "`");
  }
}

Case read_case(const Value& value, const Policy* policy, Faults& faults) {
  Case out;
  out.at = value.at;
  MapReader reader(value, "a case", faults);
  reader.string("name", out.name);
  read_call(reader, out);
  reader.strings_or_none("scopes", out.caller.scopes);
  reader.string("role", out.caller.role);
  reader.string("plan", out.caller.plan);
  std::size_t expect = 0;
  if (reader.required("expect") != nullptr)
    reader.choice("expect", expect, {kVerdicts[0], kVerdicts[1], kVerdicts[2], kVerdicts[3]});
  out.expect = static_cast<Verdict>(expect);
  std::vector<std::string> needs;
  reader.strings("needs", needs);
  if (reader.has("needs")) out.needs = std::move(needs);
  bool visible = false;
  reader.boolean("visible", visible);
  if (reader.has("visible")) out.visible = visible;
  if (out.visible && out.list == mcp::ListKind::none)
    reader.faults().add(reader.at("visible"), "`visible` fits a case with `tool`, `resource` or `prompt`");
  reader.finish();
  if (policy != nullptr) check_names(out, *policy, reader, faults);
  if (policy != nullptr) out.caller.narrowed = policy->asks_beyond_connect(out.caller.scopes);
  if (out.name.empty()) out.name = out.message.method + " " + out.message.name;
  return out;
}

CaseResult run_case(const Case& one, const Policy& policy) {
  CaseResult result{.at = one.at, .name = one.name, .passed = true, .what = ""};
  const auto decision = policy.decide(one.message, one.caller);
  const auto fail_with = [&](std::string what) {
    result.passed = false;
    result.what += (result.what.empty() ? "" : "; ") + std::move(what);
  };
  if (decision.verdict != one.expect) {
    result.outdated = one.expect == Verdict::not_found && decision.by_rule_plans;
    fail_with("expected " + verdict_name(one.expect) + ", got " + verdict_name(decision.verdict) + " by " +
              decision.rule + (result.outdated ? std::string(kNotOfTheResource) : std::string()));
  }
  if (one.needs) {
    auto wanted = *one.needs;
    auto got = decision.needed;
    std::sort(wanted.begin(), wanted.end());
    std::sort(got.begin(), got.end());
    if (wanted != got) fail_with("expected to need " + join(wanted, " ") + ", got " + join(got, " "));
  }
  if (one.visible && policy.visible(one.list, one.message.name, one.caller) != *one.visible) {
    fail_with(*one.visible ? "expected to be listed" : "expected to be hidden");
  }
  return result;
}

mcp::Message request(std::string method, nlohmann::json params, std::string name) {
  mcp::Message message;
  message.method = std::move(method);
  message.id = 1;
  message.params = std::move(params);
  message.name = std::move(name);
  return message;
}

}  // namespace

mcp::Message tool_call(std::string_view tool, const nlohmann::json& arguments) {
  return request("tools/call", {{"name", tool}, {"arguments", arguments}}, std::string(tool));
}
mcp::Message resource_read(std::string_view uri) { return request("resources/read", {{"uri", uri}}, std::string(uri)); }
mcp::Message prompt_get(std::string_view prompt, const nlohmann::json& arguments) {
  return request("prompts/get", {{"name", prompt}, {"arguments", arguments}}, std::string(prompt));
}
mcp::Message method_call(std::string_view method) {
  auto message = request(std::string(method), nlohmann::json::object(), "");
  if (!mcp::find_method(method).notification) return message;
  message.kind = mcp::MessageKind::notification;
  message.id = nullptr;
  return message;
}

boost::system::result<std::vector<CaseResult>, Faults> run_cases(const std::string& path, const Policies& policies,
                                                                 const config::Sources& sources) {
  Faults faults;
  const auto text = sources.file(path);
  if (!text) {
    faults.add({path, 1, 1}, "cannot read this cases file: " + text.error().what);
    return faults;
  }
  const auto root = config::parse_yaml(*text, path, sources, faults, &config::kCasesFile);
  if (!root) return faults;
  MapReader reader(*root, "a cases file", faults);
  std::string name;
  reader.string("policy", name, true);
  const auto policy = policies.find(name);
  if (faults.empty() && policy == policies.end()) faults.add(reader.at("policy"), "there is no policy `" + name + "`");
  std::vector<CaseResult> results;
  const auto* cases = reader.list("cases", true);
  reader.finish();
  if (cases != nullptr && cases->items.empty()) faults.add(cases->at, "`cases` holds no case");
  for (const auto& value : cases != nullptr ? cases->items : std::vector<Value>{}) {
    const auto one = read_case(value, policy == policies.end() ? nullptr : policy->second.get(), faults);
    if (faults.empty()) results.push_back(run_case(one, *policy->second));
  }
  if (!faults.empty()) return faults;
  return results;
}

}  // namespace postern::policy
