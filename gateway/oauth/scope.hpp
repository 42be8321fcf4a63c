#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"
#include "store/records.hpp"

namespace postern::oauth {

// RFC 6749 section 3.3: the words of a scope parameter; nullopt when there are more than anybody has use for.
std::optional<std::vector<std::string>> parse_scope(std::string_view scope);
// Those of `wanted` that the policy knows, in its order, each once.
std::vector<std::string> known_scopes(const std::vector<std::string>& wanted, const policy::Policy& policy);
// Whether a request means the default scopes: it names no scope, or only `openid`, `profile`, `email` and
// `offline_access` (OpenID Connect Core sections 3.1.2.1, 5.4 and 11), which clients send to every server, and none of
// them is known here. `known`: those of `asked` that exist here.
bool asks_for_default(const std::vector<std::string>& asked, const std::vector<std::string>& known);
// The most that a client may be granted when an operator made it for certain scopes; nullopt: no limit. What a client
// wrote into its own registration is none, since clients ask for more later without registering again.
std::optional<std::vector<std::string>> scope_limit(const store::Client& client);
// Those of `scopes` that are also in `others`, in the order of `scopes`.
std::vector<std::string> intersect(const std::vector<std::string>& scopes, const std::vector<std::string>& others);

}  // namespace postern::oauth
