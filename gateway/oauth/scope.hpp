#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"

namespace postern::oauth {

// RFC 6749 section 3.3: the words of a scope parameter; nullopt when there are more than anybody has use for.
std::optional<std::vector<std::string>> parse_scope(std::string_view scope);
// Those of `wanted` that the policy knows, in its order, each once.
std::vector<std::string> known_scopes(const std::vector<std::string>& wanted, const policy::Policy& policy);
// Those of `scopes` that are also in `others`, in the order of `scopes`.
std::vector<std::string> intersect(const std::vector<std::string>& scopes, const std::vector<std::string>& others);

}  // namespace postern::oauth
