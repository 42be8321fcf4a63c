#include "policy/compiled.hpp"

#include <algorithm>
#include <iterator>

#include "policy/unreachable.hpp"

namespace postern::policy {
namespace {

constexpr std::size_t kMostSubscriptions = 1000;

using mcp::ListKind;
using mcp::Subject;

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

std::vector<std::string> challenge_scopes(const Decision& decision, std::vector<std::string> held) {
  for (const auto& scope : decision.needed) {
    if (!contains(held, scope)) held.push_back(scope);
  }
  return held;
}

CompiledPolicy::CompiledPolicy(Document document) : document_(std::move(document)) {}

bool CompiledPolicy::knows_role(std::string_view role) const noexcept {
  return document_.roles.empty() || document_.roles.contains(role);
}

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

std::vector<std::string> CompiledPolicy::missing_to_connect(const std::vector<std::string>& scopes) const {
  if (document_.shadow || document_.connect.met_by(scopes)) return {};
  Decision decision;
  add_needed(decision, document_.connect, {.scopes = scopes, .role = "", .plan = ""});
  sort_needed(decision);
  std::erase_if(decision.needed, [&](const std::string& scope) { return contains(scopes, scope); });
  return std::move(decision.needed);
}

bool CompiledPolicy::asks_beyond_connect(const std::vector<std::string>& asked) const noexcept {
  // Nobody consented to the reach of a role where the page did not show it.
  if (!document_.narrow) return true;
  return std::any_of(asked.begin(), asked.end(), [&](const std::string& scope) {
    return knows_scope(scope) && !contains(document_.connect.scopes, scope);
  });
}

// A role that was lowered after the consent lowers every token at once.
std::vector<std::string> CompiledPolicy::reach(const Caller& caller) const {
  auto held = grantable(caller.scopes, caller.role);
  if (!document_.narrow || caller.narrowed || !document_.connect.met_by(held)) return held;
  std::vector<std::string> all;
  for (const auto& [scope, text] : document_.scopes) {
    const bool reached = !contains(document_.connect.scopes, scope) && role_may_hold(caller.role, scope);
    if (reached || contains(held, scope)) all.push_back(scope);
  }
  return all;
}

bool CompiledPolicy::could_meet(const ScopeDemand& demand, std::string_view role) const {
  const auto may = [&](const std::string& scope) { return role_may_hold(role, scope); };
  if (demand.any) return std::any_of(demand.scopes.begin(), demand.scopes.end(), may);
  return std::all_of(demand.scopes.begin(), demand.scopes.end(), may);
}

void CompiledPolicy::add_needed(Decision& decision, const ScopeDemand& demand, const Caller& caller) const {
  const auto add = [&](const std::string& scope) {
    if (!contains(decision.needed, scope)) decision.needed.push_back(scope);
  };
  if (!demand.any) {
    for (const auto& scope : demand.scopes) add(scope);
    return;
  }
  // One of them is enough: one that is held already, else the first that can be had.
  const auto has = reach(caller);
  const auto first = [&](const auto& fits) { return std::find_if(demand.scopes.begin(), demand.scopes.end(), fits); };
  auto one = first([&](const std::string& scope) { return contains(has, scope); });
  if (one == demand.scopes.end())
    one = first([&](const std::string& scope) { return role_may_hold(caller.role, scope); });
  if (one != demand.scopes.end()) add(*one);
}

void CompiledPolicy::sort_needed(Decision& decision) const {
  std::vector<std::string> sorted;
  for (const auto& [scope, text] : document_.scopes) {
    if (contains(decision.needed, scope)) sorted.push_back(scope);
  }
  decision.needed = std::move(sorted);
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
  if (demand.met_by(reach(caller))) return verdict(Verdict::allow, std::move(rule), "");
  if (!could_meet(demand, caller.role)) {
    return verdict(Verdict::deny, std::move(rule), "your role in this tenant may not do this");
  }
  auto decision = verdict(Verdict::step_up, std::move(rule),
                          "this needs a further permission; authorize again with the scopes of the challenge, or make "
                          "a token that has them");
  add_needed(decision, document_.connect, caller);
  add_needed(decision, demand, caller);
  sort_needed(decision);
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
  // Not `not_found`: in a session, clients take a 404 for its end.
  if (!rule->plans.empty() && !contains(rule->plans, caller.plan)) {
    auto denied = verdict(Verdict::deny, rule->label, "the tenant's plan does not include this");
    denied.by_rule_plans = true;
    return denied;
  }
  if (!rule->roles.empty() && !contains(rule->roles, caller.role)) {
    return verdict(Verdict::deny, rule->label, "your role in this tenant may not do this");
  }
  auto decision = check_scopes(rule->scopes, caller, rule->label);
  if (decision.verdict != Verdict::allow || !rule->arguments || arguments == nullptr) return decision;
  const auto where = rule->arguments->violation(*arguments);
  if (where.empty()) return decision;
  return verdict(Verdict::deny, rule->label, "the policy does not allow this value of " + where);
}

// completion/complete follows what it completes: the arguments of a prompt, or the variables of a resource template.
Decision CompiledPolicy::decide_completion(const mcp::Message& message, const Caller& caller) const {
  const auto ref = message.params.find("ref");
  if (ref == message.params.end() || !ref->is_object())
    return verdict(Verdict::deny, "method", "params.ref is missing");
  const auto type = ref->value("type", nlohmann::json());
  if (type != "ref/prompt" && type != "ref/resource") {
    return verdict(Verdict::deny, "method", "params.ref.type is neither ref/prompt nor ref/resource");
  }
  const auto name = ref->value(type == "ref/prompt" ? "name" : "uri", nlohmann::json());
  if (!name.is_string()) return verdict(Verdict::deny, "method", "params.ref names neither a prompt nor a resource");
  const auto& text = name.get_ref<const std::string&>();
  if (type == "ref/prompt") return apply(find_rule(&Rule::prompts, text, message.method), nullptr, caller);
  return decide_uri(text, message.method, caller);
}

Decision CompiledPolicy::decide_method(std::string_view method, const Caller& caller) const {
  const auto* rule = find_rule(nullptr, {}, method);
  return rule != nullptr ? apply(rule, nullptr, caller) : verdict(Verdict::allow, "connect", "");
}

// subscriptions/listen asks for several resources at once: the strictest of their decisions counts.
Decision CompiledPolicy::decide_listen(const mcp::Message& message, const Caller& caller) const {
  const auto notifications = message.params.find("notifications");
  if (notifications == message.params.end()) return decide_method(message.method, caller);
  if (!notifications->is_object()) return verdict(Verdict::deny, "method", "notifications is no object");
  const auto uris = notifications->find("resourceSubscriptions");
  if (uris == notifications->end()) return decide_method(message.method, caller);
  if (!uris->is_array()) return verdict(Verdict::deny, "method", "resourceSubscriptions is no list");
  if (uris->empty()) return decide_method(message.method, caller);
  if (uris->size() > kMostSubscriptions) {
    return verdict(Verdict::deny, "method", "resourceSubscriptions holds more than 1000 URIs");
  }
  std::optional<Decision> result;
  for (const auto& uri : *uris) {
    if (!uri.is_string())
      return verdict(Verdict::deny, "method", "resourceSubscriptions holds something that is no URI");
    auto decision = decide_uri(uri.get_ref<const std::string&>(), message.method, caller);
    if (decision.verdict == Verdict::deny) return decision;
    if (result && decision.verdict == Verdict::allow) continue;
    if (result) std::erase_if(result->needed, [&](const auto& scope) { return contains(decision.needed, scope); });
    if (result) decision.needed.insert(decision.needed.end(), result->needed.begin(), result->needed.end());
    result = std::move(decision);
  }
  return *result;
}

Decision CompiledPolicy::decide(const mcp::Message& message, const Caller& caller) const {
  auto connected = decide_connect(caller);
  if (message.kind == mcp::MessageKind::response) return connected;
  if (connected.verdict != Verdict::allow && connected.verdict != Verdict::step_up) return connected;
  auto decision = decide_subject(message, caller);
  if (connected.verdict == Verdict::step_up) {
    // One challenge for everything the call needs, not a second one after the first.
    connected.needed.insert(connected.needed.end(), decision.needed.begin(), decision.needed.end());
    decision = std::move(connected);
  }
  sort_needed(decision);
  return decision;
}

Decision CompiledPolicy::decide_subject(const mcp::Message& message, const Caller& caller) const {
  static const auto none = nlohmann::json::object();
  const auto& method = mcp::find_method(message.method);
  const auto arguments = message.params.find("arguments");
  const nlohmann::json* given = arguments == message.params.end() || arguments->is_null() ? &none : &*arguments;
  // Every call that was read has params: one without any stands for a call of before (decide_task).
  if (message.params.is_null()) given = nullptr;
  switch (method.subject) {
    case Subject::tool: return apply(find_rule(&Rule::tools, message.name, message.method), given, caller);
    case Subject::prompt: return apply(find_rule(&Rule::prompts, message.name, message.method), given, caller);
    case Subject::resource: return decide_uri(message.name, message.method, caller);
    case Subject::completion: return decide_completion(message, caller);
    case Subject::listen: return decide_listen(message, caller);
    case Subject::connect:
    case Subject::task: return decide_method(message.method, caller);
    case Subject::unknown: break;
  }
  return verdict(Verdict::deny, "method", "this is not an MCP method that a client may call");
}

bool CompiledPolicy::visible(ListKind kind, std::string_view name, const Caller& caller) const {
  if (!document_.hide || document_.shadow) return true;
  switch (kind) {
    case ListKind::tools: return shows(find_rule(&Rule::tools, name, "tools/call"), caller);
    case ListKind::prompts: return shows(find_rule(&Rule::prompts, name, "prompts/get"), caller);
    case ListKind::resources:
    case ListKind::resource_templates: {
      const auto rules = find_uri_rules(name, "resources/read");
      return std::all_of(rules.begin(), rules.end(), [&](const Rule* rule) { return shows(rule, caller); });
    }
    case ListKind::none: break;
  }
  return true;
}

bool CompiledPolicy::shows(const Rule* rule, const Caller& caller) const {
  if (rule == nullptr) return document_.otherwise_allow;
  if (rule->deny) return false;
  if (!rule->plans.empty() && !contains(rule->plans, caller.plan)) return false;
  if (!rule->roles.empty() && !contains(rule->roles, caller.role)) return false;
  // A grant that was narrowed stays so: what it does not hold is no part of its server.
  return document_.narrow ? rule->scopes.met_by(reach(caller)) : could_meet(rule->scopes, caller.role);
}

std::optional<std::vector<std::string>> CompiledPolicy::usable(std::string_view tool, const Caller& caller) const {
  auto connected = decide_connect(caller);
  const auto* rule = find_rule(&Rule::tools, tool, "tools/call");
  const auto decision = apply(rule, nullptr, caller);
  const bool allowed = connected.verdict == Verdict::allow && decision.verdict == Verdict::allow;
  if (!allowed && !document_.shadow && document_.hide) return std::nullopt;
  Decision needed;
  add_needed(needed, document_.connect, caller);
  if (rule != nullptr) add_needed(needed, rule->scopes, caller);
  sort_needed(needed);
  return std::move(needed.needed);
}

std::vector<config::Fault> CompiledPolicy::unreachable() const { return unreachable_globs(document_.rules); }

}  // namespace postern::policy
