#include <algorithm>

#include "oauth/authorization/authorization.hpp"
#include "oauth/scope.hpp"

namespace postern::oauth {
namespace {

// Those of the wanted scopes that this client may be granted at all.
std::vector<std::string> grantable_to(const store::Client& client, const std::vector<std::string>& wanted,
                                      const policy::Policy& policy) {
  auto scopes = known_scopes(wanted, policy);
  const auto limit = scope_limit(client);
  return limit ? intersect(scopes, *limit) : scopes;
}

}  // namespace

Result<void> offer_step_up(AuthorizationRequest& request, std::string_view user, const Context& context) {
  const store::Parties parties{std::string(user), request.client.id, request.resource->canonical};
  const auto pending = context.store.grants().wanted_between(parties, context.clock.now());
  if (!pending) return pending.error();
  if (pending->wanted.empty()) return {};
  const policy::Policy& policy = *request.resource->policy;
  if (request.plain && request.narrowed) {
    for (const auto& scope : grantable_to(request.client, pending->wanted, policy)) {
      if (std::ranges::find(request.scopes, scope) == request.scopes.end()) request.offered.push_back(scope);
    }
    request.missing = intersect(request.offered, pending->missing);
    auto all = request.scopes;
    all.insert(all.end(), request.offered.begin(), request.offered.end());
    request.scopes = known_scopes(all, policy);
  }
  request.settles = request.narrowed ? request.scopes : pending->wanted;
  return {};
}

}  // namespace postern::oauth
