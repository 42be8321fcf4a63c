#pragma once

#include "policy/document.hpp"
#include "policy/policy.hpp"

namespace postern::policy {

// The decision over a document: connect first, then the first rule that names the call.
class CompiledPolicy final : public Policy {
 public:
  explicit CompiledPolicy(Document document);

  const std::string& name() const noexcept override { return document_.name; }
  const std::vector<std::pair<std::string, std::string>>& scopes() const noexcept override { return document_.scopes; }
  const std::vector<std::string>& default_scopes() const noexcept override { return document_.default_scopes; }
  bool knows_scope(std::string_view scope) const noexcept override { return document_.knows_scope(scope); }
  bool knows_role(std::string_view role) const noexcept override;
  bool includes_plan(std::string_view plan) const noexcept override;
  std::vector<std::string> grantable(const std::vector<std::string>& wanted, std::string_view role) const override;
  bool asks_beyond_connect(const std::vector<std::string>& asked) const noexcept override;
  std::vector<std::string> reach(const Caller& caller) const override;
  Decision decide(const mcp::Message& message, const Caller& caller) const override;
  std::vector<std::string> missing_to_connect(const std::vector<std::string>& scopes) const override;
  Decision decide_connect(const Caller& caller) const override;
  bool visible(mcp::ListKind kind, std::string_view name, const Caller& caller) const override;
  std::optional<std::vector<std::string>> usable(std::string_view tool, const Caller& caller) const override;
  std::vector<config::Fault> unreachable() const override;

 private:
  bool role_may_hold(std::string_view role, std::string_view scope) const;
  bool could_meet(const ScopeDemand& demand, std::string_view role) const;
  void add_needed(Decision& decision, const ScopeDemand& demand, const Caller& caller) const;
  void sort_needed(Decision& decision) const;
  Decision verdict(Verdict verdict, std::string rule, std::string reason) const;
  Decision check_scopes(const ScopeDemand& demand, const Caller& caller, std::string rule) const;
  // The first rule that names the thing (`names`, nullptr for none) or the method.
  const Rule* find_rule(GlobSet Rule::* names, std::string_view name, std::string_view method) const;
  // The rules of every reading that the URI has. First the rule for it as it is written; then, where they differ, the
  // rule for its plain spelling, and the one for the URI without its port, or with any port where it has none, if that
  // rule stands in front of the first. Never
  // empty; nullptr stands for `otherwise`.
  std::vector<const Rule*> find_uri_rules(std::string_view uri, std::string_view method) const;
  // The first rule that names the host of this reading, which has no port, with one.
  const Rule* find_with_port(std::string_view portless) const;
  bool shows(const Rule* rule, const Caller& caller) const;
  // `arguments`: nullptr where the call has none that a rule could speak of.
  Decision apply(const Rule* rule, const nlohmann::json* arguments, const Caller& caller) const;
  Decision decide_subject(const mcp::Message& message, const Caller& caller) const;
  Decision decide_uri(std::string_view uri, std::string_view method, const Caller& caller) const;
  Decision decide_method(std::string_view method, const Caller& caller) const;
  Decision decide_completion(const mcp::Message& message, const Caller& caller) const;
  Decision decide_listen(const mcp::Message& message, const Caller& caller) const;

  Document document_;
};

}  // namespace postern::policy
