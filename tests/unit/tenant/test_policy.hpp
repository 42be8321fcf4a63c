#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "policy/policy.hpp"

namespace postern::tests {

// A policy of three scopes: everybody may hold the first two, editors also "write".
class TestPolicy final : public policy::Policy {
 public:
  using Scopes = std::vector<std::pair<std::string, std::string>>;

  explicit TestPolicy(std::string name, Scopes scopes = {{"connect", "Connect"}, {"read", "Read"}, {"write", "Write"}},
                      std::vector<std::string> defaults = {"connect", "read"})
      : name_(std::move(name)), scopes_(std::move(scopes)), defaults_(std::move(defaults)) {}

  const std::string& name() const noexcept override { return name_; }
  const Scopes& scopes() const noexcept override { return scopes_; }
  const std::vector<std::string>& default_scopes() const noexcept override { return defaults_; }
  bool knows_scope(std::string_view scope) const noexcept override {
    return std::ranges::any_of(scopes_, [&](const auto& known) { return known.first == scope; });
  }
  bool knows_role(std::string_view) const noexcept override { return true; }
  bool includes_plan(std::string_view plan) const noexcept override { return plan != "team"; }
  std::vector<std::string> grantable(const std::vector<std::string>& wanted, std::string_view role) const override {
    std::vector<std::string> scopes;
    for (const auto& [scope, text] : scopes_) {
      const bool may_hold = role != "nothing" && (scope != "write" || role == "editor");
      if (may_hold && std::ranges::find(wanted, scope) != wanted.end()) scopes.push_back(scope);
    }
    return scopes;
  }
  bool asks_beyond_connect(const std::vector<std::string>& asked) const noexcept override {
    return std::ranges::any_of(asked, [this](const auto& scope) { return scope != "connect" && knows_scope(scope); });
  }
  std::vector<std::string> missing_to_connect(const std::vector<std::string>& scopes) const override {
    return std::ranges::find(scopes, "connect") == scopes.end() ? std::vector<std::string>{"connect"}
                                                                : std::vector<std::string>{};
  }
  std::vector<std::string> reach(const policy::Caller& caller) const override {
    return grantable(caller.scopes, caller.role);
  }
  policy::Decision decide(const mcp::Message&, const policy::Caller&) const override { return {}; }
  policy::Decision decide_connect(const policy::Caller&) const override { return {}; }
  bool visible(mcp::ListKind, std::string_view, const policy::Caller&) const override { return true; }
  std::optional<std::vector<std::string>> usable(std::string_view, const policy::Caller&) const override {
    return std::vector<std::string>{};
  }
  std::vector<config::Fault> unreachable() const override { return {}; }

 private:
  std::string name_;
  Scopes scopes_;
  std::vector<std::string> defaults_;
};

}  // namespace postern::tests
