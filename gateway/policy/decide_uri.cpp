#include "policy/authority.hpp"
#include "policy/compiled.hpp"
#include "policy/percent.hpp"
#include "policy/resource_uri.hpp"

namespace postern::policy {

const Rule* CompiledPolicy::find_with_port(std::string_view portless) const {
  for (const auto& rule : document_.rules) {
    if (rule.resources.matches_with_port(portless)) return &rule;
  }
  return nullptr;
}

std::vector<const Rule*> CompiledPolicy::find_uri_rules(std::string_view uri, std::string_view method) const {
  const auto find = [&](std::string_view reading) -> const Rule* {
    for (const auto& rule : document_.rules) {
      if (rule.resources.matches_reading(reading) || rule.methods.matches(method)) return &rule;
    }
    return nullptr;
  };
  const auto* written = find_rule(&Rule::resources, uri, method);
  std::vector<const Rule*> rules{written};
  const auto add_in_front = [&](const Rule* rule) {
    if (rule != nullptr && (written == nullptr || rule < written)) rules.push_back(rule);
  };
  const auto decoded = percent_decoded(uri);
  const auto plain = plain_reading(decoded);
  if (const auto* rule = find(plain); rule != written && (rule != nullptr || !may_be_name(decoded)))
    rules.push_back(rule);
  // A rule behind says nothing about the port that the rule in front of it names.
  if (const auto portless = reading_without_port(plain)) {
    add_in_front(find(*portless));
  } else {
    add_in_front(find_with_port(plain));
  }
  return rules;
}

// A server may take any reading of the URI. So long as the policy has the same rule for all of them, that rule holds
// whichever it takes; otherwise the URI is refused.
Decision CompiledPolicy::decide_uri(std::string_view uri, std::string_view method, const Caller& caller) const {
  if (const auto fault = uri_fault(uri)) return verdict(Verdict::deny, "uri", std::string(*fault));
  const auto rules = find_uri_rules(uri, method);
  if (rules.size() == 1) return apply(rules.front(), nullptr, caller);
  return verdict(Verdict::deny, "uri",
                 "the host in this URI has another spelling for which this server's policy has another rule: write it "
                 "in lower case, without user information, without a dot at the end, and without a port unless a rule "
                 "names that port");
}

}  // namespace postern::policy
