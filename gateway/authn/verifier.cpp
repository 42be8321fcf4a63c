#include "authn/verifier.hpp"

#include <algorithm>
#include <utility>

#include "http/url.hpp"

namespace postern::authn {
namespace {

// What the server behind may call the client. Of one that a document describes that is the host the document is at: the
// name inside is its own claim, and may change at any time.
Result<std::string> client_name(store::Store& store, const store::Grant& grant) {
  if (store::is_document_url(grant.client)) {
    const auto url = http::parse_url(grant.client);
    return url ? url->host : std::string();
  }
  auto client = store.clients().find(grant.client);
  if (!client) return client.error();
  // A token made by an operator may stand for no client.
  if (!*client && grant.kind != store::GrantKind::minted) return fail(Errc::denied, "the client is gone");
  return *client ? std::move((*client)->name) : std::string();
}

}  // namespace

Result<std::shared_ptr<const token::Principal>> Verifier::verify(std::string_view token_hash, Time now) const {
  auto found = store_.grants().find_access(token_hash);
  if (!found) return found.error();
  if (!*found) return fail(Errc::not_found, "unknown access token");
  auto& [access, grant, user] = **found;
  if (access.expires_at <= now || grant.expires_at <= now) return fail(Errc::expired, "the access token has expired");
  if (grant.revoked_at) return fail(Errc::denied, "the grant was revoked");
  if (user.disabled) return fail(Errc::denied, "the user is disabled");

  const auto membership = directory_.membership(grant.user, grant.tenant);
  if (!membership) return membership.error();
  if (!*membership) return fail(Errc::denied, "the user is no member of the tenant");

  auto client = client_name(store_, grant);
  if (!client) return client.error();

  auto principal = std::make_shared<token::Principal>();
  principal->client_name = std::move(*client);
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
  principal->scopes = std::move(access.scopes);
  principal->expires_at = std::min(access.expires_at, grant.expires_at);
  return std::shared_ptr<const token::Principal>(std::move(principal));
}

}  // namespace postern::authn
