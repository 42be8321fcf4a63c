#include "oauth/standing.hpp"

#include <utility>

namespace postern::oauth {

namespace {

struct Person {
  store::User user;
  tenant::Membership membership;
};

Result<Person> person_of(const store::Grant& grant, const Context& context) {
  auto user = context.store.users().find(grant.user);
  if (!user) return user.error();
  if (!*user || (*user)->disabled) return fail(Errc::denied, "the user is unknown or disabled");
  auto membership = context.directory.membership(grant.user, grant.tenant);
  if (!membership) return membership.error();
  if (!*membership) return fail(Errc::denied, "the user is not a member of the tenant");
  return Person{std::move(**user), std::move(**membership)};
}

// A client that acts by itself belongs to its tenant, and has a role there or none, because the operator said so.
Result<Person> machine_of(const store::Grant& grant, const Context& context) {
  auto client = context.store.clients().find(grant.client);
  if (!client) return client.error();
  if (!*client) return fail(Errc::denied, "the client is gone");
  auto tenant = context.directory.find(grant.tenant);
  if (!tenant) return tenant.error();
  if (!*tenant) return fail(Errc::denied, "the tenant is gone");
  Person machine;
  machine.user.key = grant.user;
  machine.user.name = std::move((*client)->name);
  machine.membership = {std::move(**tenant), std::move((*client)->role)};
  return machine;
}

}  // namespace

Result<Standing> standing_of(const store::Grant& grant, const Context& context) {
  if (grant.revoked_at) return fail(Errc::denied, "the grant was revoked");
  if (grant.expires_at <= context.clock.now()) return fail(Errc::denied, "the grant is at its end");

  Standing standing;
  standing.resource = context.catalog.by_canonical(grant.resource);
  if (standing.resource == nullptr || standing.resource->server->issuer != context.server.issuer) {
    return fail(Errc::denied, "the resource is none of this server's");
  }
  const std::string& fixed_tenant = standing.resource->fixed_tenant;
  if (!fixed_tenant.empty() && fixed_tenant != grant.tenant)
    return fail(Errc::denied, "the resource is of another tenant");

  auto person =
      grant.kind == store::GrantKind::client_credentials ? machine_of(grant, context) : person_of(grant, context);
  if (!person) return person.error();
  const policy::Policy& policy = *standing.resource->policy;
  if (!policy.includes_plan(person->membership.tenant.plan))
    return fail(Errc::denied, "the plan does not include the resource");

  standing.user = std::move(person->user);
  standing.tenant = std::move(person->membership.tenant);
  standing.role = std::move(person->membership.role);
  standing.scopes = policy.grantable(grant.scopes, standing.role);
  if (standing.scopes.empty()) return fail(Errc::denied, "the role may hold none of the scopes");
  return standing;
}

OAuthError standing_error(const Error& error) {
  if (error.code != Errc::denied) return store_error(error);
  return invalid_grant("What the user granted no longer holds: authorize again.", error.what);
}

}  // namespace postern::oauth
