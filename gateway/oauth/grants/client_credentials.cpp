#include <utility>

#include "base/strings.hpp"
#include "crypto/random.hpp"
#include "oauth/grants/grant_types.hpp"
#include "oauth/grants/issue.hpp"
#include "oauth/requested_resource.hpp"
#include "oauth/scope.hpp"
#include "oauth/standing.hpp"

namespace postern::oauth {
namespace {

// RFC 6749 section 4.4: for confidential clients alone. Whoever may register by themselves may not act by themselves:
// what such a client may do is set by the operator.
std::optional<OAuthError> client_fault(const store::Client& client) {
  if (client.auth != store::ClientAuth::none && !client.dynamic && !client.tenant.empty() && !client.resource.empty()) {
    return std::nullopt;
  }
  return oauth_error("unauthorized_client",
                     "The client may not act by itself: the operator has to add it for client_credentials.");
}

// RFC 8707 section 2.2: the one it was added for; naming it is optional.
std::optional<OAuthError> resource_fault(const http::Form& form, const store::Client& client, const Context& context) {
  const auto named = requested_resource(form, context);
  if (!named) return named.error();
  if (*named == nullptr || (*named)->canonical == client.resource) return std::nullopt;
  return oauth_error("invalid_target", "The client was added for another resource.");
}

// RFC 6749 section 3.3: those of the requested scopes that the client was added with; all of its scopes when it
// requests none, or only scopes of OpenID Connect.
Result<std::vector<std::string>, OAuthError> allowed_scopes(const http::Form& form, const store::Client& client) {
  const auto asked = parse_scope(form.get("scope").value_or(""));
  if (!asked) return oauth_error("invalid_scope", "Too many scopes are asked for.");
  auto allowed = split_words(client.scope);
  const auto known = intersect(allowed, *asked);
  if (!asks_for_default(*asked, known)) allowed = known;
  if (allowed.empty()) return oauth_error("invalid_scope", "The client was added with none of the scopes asked for.");
  return allowed;
}

}  // namespace

Result<TokenReply, OAuthError> grant_client_credentials(const http::Form& form, const store::Client& client,
                                                        const Context& context) {
  if (auto fault = client_fault(client)) return *std::move(fault);
  if (auto fault = resource_fault(form, client, context)) return *std::move(fault);
  auto scopes = allowed_scopes(form, client);
  if (!scopes) return scopes.error();

  const Time now = context.clock.now();
  store::Grant grant;
  grant.id = crypto::random_id("grant");
  grant.kind = store::GrantKind::client_credentials;
  grant.user = store::client_user(client.id);
  grant.tenant = client.tenant;
  grant.client = client.id;
  grant.resource = client.resource;
  grant.scopes = *std::move(scopes);
  grant.created_at = now;
  grant.expires_at = now + context.server.access_token.lifetime;
  auto standing = standing_of(grant, context);
  if (!standing && standing.error().code != Errc::denied) return store_error(standing.error());
  if (!standing) {
    return oauth_error("unauthorized_client",
                       "What the client was added for is not there any more: ask the operator to add it anew.",
                       standing.error().what);
  }
  grant.scopes = std::move(standing->scopes);
  // Asking for less than its operator allows must not come to more.
  const auto& policy = *standing->resource->policy;
  const auto asked = split_words(form.get("scope").value_or(""));
  grant.narrowed = policy.asks_beyond_connect(asked) || policy.asks_beyond_connect(split_words(client.scope));

  // RFC 6749 section 4.4.3: no refresh token; the client can always ask again.
  auto access = issue_access(grant, grant.scopes, now, context);
  if (!access) return store_error(access.error());
  const auto stored = context.store.grants().add_minted(grant, access->record);
  if (!stored && stored.error().code != Errc::not_found) return store_error(stored.error());
  if (!stored) return oauth_error("invalid_client", "The client is gone: register again.", stored.error().what, 401);
  audit_tokens("token_issued", grant, grant.scopes, context);
  return TokenReply{std::move(access->value), {}, access->record.expires_at - now, std::move(grant.scopes)};
}

}  // namespace postern::oauth
