#include <algorithm>

#include "policy/compiled.hpp"

namespace postern::policy {
namespace {

using mcp::ListKind;
using mcp::Subject;

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

CompiledPolicy::CompiledPolicy(Document document) : document_(std::move(document)) {}

bool CompiledPolicy::includes_plan(std::string_view plan) const noexcept {
  return document_.plans.empty() || contains(document_.plans, plan);
}

bool CompiledPolicy::role_may_hold(std::string_view role, std::string_view scope) const {
  if (document_.roles.empty() || contains(document_.connect.scopes, scope)) return true;
  const auto found = document_.roles.find(role);
  return found != document_.roles.end() && contains(found->second, scope);
}

std::vector<std::string> CompiledPolicy::grantable(const std::vector<std::string>& wanted,
                                                   std::string_view role) const {
  std::vector<std::string> out;
  for (const auto& [scope, text] : document_.scopes) {
    if (contains(wanted, scope) && role_may_hold(role, scope)) out.push_back(scope);
  }
  return out;
}

// A role that was lowered after the consent lowers every token at once.
std::vector<std::string> CompiledPolicy::held(const Caller& caller) const {
  return grantable(caller.scopes, caller.role);
}

bool CompiledPolicy::could_meet(const ScopeDemand& demand, std::string_view role) const {
  const auto may = [&](const std::string& scope) { return role_may_hold(role, scope); };
  if (demand.any) return std::any_of(demand.scopes.begin(), demand.scopes.end(), may);
  return std::all_of(demand.scopes.begin(), demand.scopes.end(), may);
}

void CompiledPolicy::add_needed(Decision& decision, const ScopeDemand& demand, std::string_view role) const {
  for (const auto& scope : demand.scopes) {
    if (!role_may_hold(role, scope)) continue;
    if (!contains(decision.needed, scope)) decision.needed.push_back(scope);
    if (demand.any) return;  // one of them is enough: the first that can be had
  }
}

Decision CompiledPolicy::verdict(Verdict verdict, std::string rule, std::string reason) const {
  Decision decision;
  decision.verdict = verdict;
  decision.rule = std::move(rule);
  decision.reason = std::move(reason);
  decision.shadow = document_.shadow;
  return decision;
}

// Missing scopes: a step-up where the role could be granted them, else a plain refusal.
Decision CompiledPolicy::check_scopes(const ScopeDemand& demand, const Caller& caller, std::string rule) const {
  if (demand.met_by(held(caller))) return verdict(Verdict::allow, std::move(rule), "");
  if (!could_meet(demand, caller.role)) {
    return verdict(Verdict::deny, std::move(rule), "your role in this tenant may not do this");
  }
  auto decision = verdict(Verdict::step_up, std::move(rule),
                          "this needs a further permission; authorize again with the scopes of the challenge");
  add_needed(decision, document_.connect, caller.role);
  add_needed(decision, demand, caller.role);
  return decision;
}

Decision CompiledPolicy::decide_connect(const Caller& caller) const {
  if (!includes_plan(caller.plan))
    return verdict(Verdict::not_found, "plans", "the tenant's plan does not include this");
  return check_scopes(document_.connect, caller, "connect");
}

const Rule* CompiledPolicy::find_rule(GlobSet Rule::* names, std::string_view name, std::string_view method) const {
  for (const auto& rule : document_.rules) {
    if (names != nullptr && (rule.*names).matches(name)) return &rule;
    if (rule.methods.matches(method)) return &rule;
  }
  return nullptr;
}

Decision CompiledPolicy::apply(const Rule* rule, const nlohmann::json* arguments, const Caller& caller) const {
  if (rule == nullptr) {
    if (document_.otherwise_allow) return verdict(Verdict::allow, "otherwise", "");
    return verdict(Verdict::deny, "otherwise", "no rule of this server's policy allows this");
  }
  if (rule->deny) return verdict(Verdict::deny, rule->label, "this server's policy does not allow this");
  if (!rule->plans.empty() && !contains(rule->plans, caller.plan)) {
    return verdict(Verdict::deny, rule->label, "the tenant's plan does not include this");
  }
  if (!rule->roles.empty() && !contains(rule->roles, caller.role)) {
    return verdict(Verdict::deny, rule->label, "your role in this tenant may not do this");
  }
  auto decision = check_scopes(rule->scopes, caller, rule->label);
  if (decision.verdict != Verdict::allow || !rule->arguments) return decision;
  const auto where = rule->arguments->violation(arguments != nullptr ? *arguments : nlohmann::json::object());
  if (where.empty()) return decision;
  return verdict(Verdict::deny, rule->label, "the policy does not allow this value of " + where);
}

Decision CompiledPolicy::decide_uri(std::string_view uri, std::string_view method, const Caller& caller) const {
  if (is_ambiguous_uri(uri)) {
    return verdict(Verdict::deny, "uri",
                   "resource URIs with dot segments, encoded separators or control bytes are refused");
  }
  return apply(find_rule(&Rule::resources, uri, method), nullptr, caller);
}

// completion/complete follows what it completes: the arguments of a prompt, or the variables of a resource template.
Decision CompiledPolicy::decide_completion(const mcp::Message& message, const Caller& caller) const {
  const auto ref = message.params.find("ref");
  if (ref == message.params.end() || !ref->is_object())
    return verdict(Verdict::deny, "method", "params.ref is missing");
  const auto type = ref->value("type", nlohmann::json());
  const auto name = ref->value(type == "ref/prompt" ? "name" : "uri", nlohmann::json());
  if (!name.is_string()) return verdict(Verdict::deny, "method", "params.ref names neither a prompt nor a resource");
  const auto& text = name.get_ref<const std::string&>();
  if (type == "ref/prompt") return apply(find_rule(&Rule::prompts, text, message.method), nullptr, caller);
  return apply(find_rule(&Rule::resources, text, message.method), nullptr, caller);
}

// subscriptions/listen asks for several resources at once: the strictest of their decisions counts.
Decision CompiledPolicy::decide_listen(const mcp::Message& message, const Caller& caller) const {
  auto result = verdict(Verdict::allow, "connect", "");
  const auto notifications = message.params.find("notifications");
  if (notifications == message.params.end() || !notifications->is_object()) return result;
  const auto uris = notifications->find("resourceSubscriptions");
  if (uris == notifications->end()) return result;
  if (!uris->is_array()) return verdict(Verdict::deny, "method", "resourceSubscriptions is no list");
  for (const auto& uri : *uris) {
    if (!uri.is_string())
      return verdict(Verdict::deny, "method", "resourceSubscriptions holds something that is no URI");
    auto decision = decide_uri(uri.get_ref<const std::string&>(), message.method, caller);
    if (decision.verdict == Verdict::deny) return decision;
    if (decision.verdict == Verdict::step_up) {
      for (const auto& scope : result.needed) {
        if (!contains(decision.needed, scope)) decision.needed.push_back(scope);
      }
      result = std::move(decision);
    }
  }
  return result;
}

Decision CompiledPolicy::decide(const mcp::Message& message, const Caller& caller) const {
  auto connected = decide_connect(caller);
  if (connected.verdict != Verdict::allow) {
    // One challenge for everything the call needs, not a second one after the first.
    if (connected.verdict == Verdict::step_up && message.kind == mcp::MessageKind::request) {
      auto further = decide_subject(message, caller);
      for (const auto& scope : further.needed) {
        if (!contains(connected.needed, scope)) connected.needed.push_back(scope);
      }
    }
    return connected;
  }
  if (message.kind == mcp::MessageKind::response) return connected;
  return decide_subject(message, caller);
}

Decision CompiledPolicy::decide_subject(const mcp::Message& message, const Caller& caller) const {
  const auto& method = mcp::find_method(message.method);
  const auto arguments = message.params.is_object() ? message.params.find("arguments") : message.params.end();
  const auto* given = message.params.is_object() && arguments != message.params.end() ? &*arguments : nullptr;
  switch (method.subject) {
    case Subject::tool: return apply(find_rule(&Rule::tools, message.name, message.method), given, caller);
    case Subject::prompt: return apply(find_rule(&Rule::prompts, message.name, message.method), given, caller);
    case Subject::resource: return decide_uri(message.name, message.method, caller);
    case Subject::completion: return decide_completion(message, caller);
    case Subject::listen: return decide_listen(message, caller);
    case Subject::connect:
    case Subject::task: {
      const auto* rule = find_rule(nullptr, {}, message.method);
      return rule != nullptr ? apply(rule, nullptr, caller) : verdict(Verdict::allow, "connect", "");
    }
    case Subject::unknown: break;
  }
  return verdict(Verdict::deny, "method", "this is no method of MCP that a client may call");
}

bool CompiledPolicy::visible(ListKind kind, std::string_view name, const Caller& caller) const {
  if (!document_.hide) return true;
  GlobSet Rule::* names = kind == ListKind::tools     ? &Rule::tools
                          : kind == ListKind::prompts ? &Rule::prompts
                                                      : &Rule::resources;
  const Rule* rule = nullptr;
  for (const auto& each : document_.rules) {
    if ((each.*names).matches(name)) {
      rule = &each;
      break;
    }
  }
  if (rule == nullptr) return document_.otherwise_allow;
  if (rule->deny) return false;
  if (!rule->plans.empty() && !contains(rule->plans, caller.plan)) return false;
  if (!rule->roles.empty() && !contains(rule->roles, caller.role)) return false;
  return could_meet(rule->scopes, caller.role);
}

}  // namespace postern::policy
