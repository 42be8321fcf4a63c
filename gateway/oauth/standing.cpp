#include "oauth/standing.hpp"

#include <utility>

namespace postern::oauth {

Result<Standing> standing_of(const store::Grant& grant, const Context& context) {
  if (grant.revoked_at) return fail(Errc::denied, "the grant was revoked");
  if (grant.expires_at <= context.clock.now()) return fail(Errc::denied, "the grant is at its end");

  Standing standing;
  standing.resource = context.catalog.by_canonical(grant.resource);
  if (standing.resource == nullptr || standing.resource->server->name != context.server.name) {
    return fail(Errc::denied, "the resource is none of this server's");
  }
  const std::string& fixed_tenant = standing.resource->fixed_tenant;
  if (!fixed_tenant.empty() && fixed_tenant != grant.tenant)
    return fail(Errc::denied, "the resource is of another tenant");

  auto user = context.store.users().find(grant.user);
  if (!user) return user.error();
  if (!*user || (*user)->disabled) return fail(Errc::denied, "the user is unknown or disabled");
  auto membership = context.directory.membership(grant.user, grant.tenant);
  if (!membership) return membership.error();
  if (!*membership) return fail(Errc::denied, "the user is no member of the tenant");
  const policy::Policy& policy = *standing.resource->policy;
  if (!policy.includes_plan((*membership)->tenant.plan))
    return fail(Errc::denied, "the plan does not include the resource");

  standing.user = std::move(**user);
  standing.tenant = std::move((*membership)->tenant);
  standing.role = std::move((*membership)->role);
  standing.scopes = policy.grantable(grant.scopes, standing.role);
  if (standing.scopes.empty()) return fail(Errc::denied, "the role may hold none of the scopes");
  return standing;
}

OAuthError standing_error(const Error& error) {
  if (error.code != Errc::denied) return store_error(error);
  return invalid_grant("What the user granted no longer holds: authorize again.", error.what);
}

}  // namespace postern::oauth
