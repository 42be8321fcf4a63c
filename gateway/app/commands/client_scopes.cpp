#include "app/commands/client_scopes.hpp"

#include <algorithm>

#include "base/strings.hpp"

namespace postern::app {
namespace {

std::optional<Error> fault_of(const std::vector<std::string>& missing) {
  if (missing.empty()) return std::nullopt;
  return fail(Errc::denied, "a client with these scopes could call nothing, because every request needs `" +
                                join(missing, "` and `") + "` as well: add that to --scope");
}

// What is missing to call any resource; of several, the one that is nearest. nullopt: none of the scopes is of any
// resource.
std::optional<std::vector<std::string>> missing_everywhere(const Loaded& loaded,
                                                           const std::vector<std::string>& scopes) {
  std::optional<std::vector<std::string>> least;
  for (const auto& resource : loaded.config.resources) {
    const auto found = loaded.policies.find(resource.policy);
    if (found == loaded.policies.end()) continue;
    const auto& policy = *found->second;
    const bool has_one = std::ranges::any_of(scopes, [&](const auto& scope) { return policy.knows_scope(scope); });
    if (!has_one) continue;
    auto missing = policy.missing_to_connect(scopes);
    if (!least || missing.size() < least->size()) least = std::move(missing);
  }
  return least;
}

}  // namespace

std::optional<Error> scope_fault(const Loaded& loaded, const std::vector<std::string>& scopes) {
  for (const auto& wanted : scopes) {
    const bool known = std::ranges::any_of(
        loaded.policies, [&wanted](const auto& policy) { return policy.second->knows_scope(wanted); });
    if (!known) return fail(Errc::denied, "no policy of the configuration has a scope `" + wanted + "`");
  }
  const auto missing = missing_everywhere(loaded, scopes);
  if (!missing && !scopes.empty()) {
    return fail(Errc::denied,
                "a client with these scopes could call nothing, because no resource uses a policy that has "
                "one of them");
  }
  return missing ? fault_of(*missing) : std::nullopt;
}

std::optional<Error> connect_fault(const policy::Policy& policy, const std::vector<std::string>& scopes) {
  return fault_of(policy.missing_to_connect(scopes));
}

}  // namespace postern::app
