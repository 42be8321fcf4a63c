#include <algorithm>
#include <utility>

#include "crypto/random.hpp"
#include "oauth/endpoints/endpoints.hpp"
#include "oauth/grants/issue.hpp"
#include "oauth/standing.hpp"

namespace postern::oauth {

Result<std::string> mint_token(const store::Grant& grant, Duration lifetime, const Context& context) {
  const auto resource = context.catalog.by_indicator(grant.resource);
  if (resource == nullptr) return fail(Errc::invalid, "no resource of the configuration has this URL");

  store::Grant minted = grant;
  minted.kind = store::GrantKind::minted;
  if (minted.id.empty()) minted.id = crypto::random_id("grant");
  minted.resource = resource->canonical;
  minted.created_at = context.clock.now();
  minted.expires_at = minted.created_at + lifetime;
  for (const std::string& scope : grant.scopes) {
    if (!resource->policy->knows_scope(scope))
      return fail(Errc::invalid, "the policy `" + resource->policy->name() + "` has no scope `" + scope + "`");
  }
  minted.narrowed = grant.narrowed || resource->policy->asks_beyond_connect(grant.scopes);
  auto standing = standing_of(minted, context);
  if (!standing) return standing.error();
  // An operator who asks for more than there is should hear of it.
  for (const std::string& scope : grant.scopes) {
    if (std::ranges::find(standing->scopes, scope) == standing->scopes.end()) {
      return fail(Errc::denied, "the user's role may not hold the scope " + scope);
    }
  }
  minted.scopes = std::move(standing->scopes);

  auto access = issue_long_access(minted, minted.scopes, minted.created_at, context);
  if (!access) return access.error();
  if (const auto stored = context.store.grants().add_minted(minted, access->record); !stored) return stored.error();
  audit_tokens("token_minted", minted, minted.scopes, context);
  return std::move(access->value);
}

}  // namespace postern::oauth
