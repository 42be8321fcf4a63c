#include "authn/verifier.hpp"

#include <algorithm>
#include <utility>

#include "http/url/url.hpp"

namespace postern::authn {
namespace {

// nullopt: a client that a document describes, which has no record here, or a token made for no client.
Result<std::optional<store::Client>> client_of(store::Store& store, const store::Grant& grant) {
  if (store::is_document_url(grant.client)) return std::optional<store::Client>();
  auto client = store.clients().find(grant.client);
  if (client && !*client && grant.kind != store::GrantKind::minted) return fail(Errc::denied, "the client is gone");
  return client;
}

// What the server behind may call the client. Of one that a document describes that is the host the document is at: the
// name inside is its own claim, and may change at any time.
std::string client_name(const store::Grant& grant, const std::optional<store::Client>& client) {
  if (client) return client->name;
  const auto url = http::parse_url(grant.client);
  return url && store::is_document_url(grant.client) ? url->host : std::string();
}

}  // namespace

// A client that acts by itself belongs where the operator put it, with the role it was given or none.
Result<std::optional<tenant::Membership>> Verifier::placed(const store::Grant& grant,
                                                           const std::optional<store::Client>& client) const {
  auto tenant = directory_.find(grant.tenant);
  if (!tenant) return tenant.error();
  if (!*tenant || !client) return std::optional<tenant::Membership>();
  return std::optional(tenant::Membership{std::move(**tenant), client->role});
}

Result<std::shared_ptr<const token::Principal>> Verifier::verify(std::string_view token_hash, Time now) const {
  auto found = store_.grants().find_access(token_hash);
  if (!found) return found.error();
  if (!*found) return fail(Errc::not_found, "unknown access token");
  auto& [access, grant, user] = **found;
  return principal_of(std::move(grant), std::move(user), std::move(access.scopes), access.expires_at, now);
}

Result<std::shared_ptr<const token::Principal>> Verifier::of_grant(std::string_view id, Time now) const {
  auto grant = store_.grants().find_grant(id);
  if (!grant) return grant.error();
  if (!*grant) return fail(Errc::not_found, "unknown grant");
  auto user = store_.users().find((*grant)->user);
  if (!user) return user.error();
  store::User known = *user ? std::move(**user) : store::User();
  known.key = (*grant)->user;
  auto scopes = (*grant)->scopes;
  const Time expires_at = (*grant)->expires_at;
  return principal_of(std::move(**grant), std::move(known), std::move(scopes), expires_at, now);
}

Result<std::shared_ptr<const token::Principal>> Verifier::principal_of(store::Grant grant, store::User user,
                                                                       std::vector<std::string> scopes, Time expires_at,
                                                                       Time now) const {
  if (expires_at <= now || grant.expires_at <= now) return fail(Errc::expired, "the access token has expired");
  if (grant.revoked_at) return fail(Errc::denied, "the grant was revoked");
  if (user.disabled) return fail(Errc::denied, "the user is disabled");

  auto client = client_of(store_, grant);
  if (!client) return client.error();

  const bool by_itself = grant.kind == store::GrantKind::client_credentials;
  const auto membership = by_itself ? placed(grant, *client) : directory_.membership(grant.user, grant.tenant);
  if (!membership) return membership.error();
  if (!*membership) return fail(Errc::denied, "the user is not a member of the tenant, or there is no such tenant");

  auto principal = std::make_shared<token::Principal>();
  principal->client_name = client_name(grant, *client);
  if (by_itself) user.name = principal->client_name;
  principal->narrowed = grant.narrowed;
  principal->minted = grant.kind == store::GrantKind::minted;
  principal->grant = std::move(grant.id);
  principal->user = std::move(user.key);
  principal->user_name = std::move(user.name);
  principal->user_email = std::move(user.email);
  principal->tenant = (*membership)->tenant.handle;
  principal->tenant_name = (*membership)->tenant.name;
  principal->plan = (*membership)->tenant.plan;
  principal->role = (*membership)->role;
  principal->client = std::move(grant.client);
  principal->resource = std::move(grant.resource);
  principal->scopes = std::move(scopes);
  principal->expires_at = std::min(expires_at, grant.expires_at);
  return std::shared_ptr<const token::Principal>(std::move(principal));
}

}  // namespace postern::authn
