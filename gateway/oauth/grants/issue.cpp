#include "oauth/grants/issue.hpp"

#include <algorithm>

#include "base/strings.hpp"
#include "token/access_jwt.hpp"
#include "token/opaque.hpp"

namespace postern::oauth {
namespace {

// RFC 9068 section 2.2.
Result<std::string> sign(const store::Grant& grant, const store::AccessToken& record, const Context& context) {
  const auto signer = context.keys.active(context.server.key_ring);
  if (!signer) return signer.error();
  // The key must be there to verify as long as the token lives.
  if (record.expires_at > record.created_at + context.server.access_token.lifetime) {
    if (const auto kept = context.store.keys().raise_tokens_until(signer->kid, record.expires_at); !kept)
      return kept.error();
  }
  const auto resource = context.catalog.by_canonical(grant.resource);
  return token::make_access_jwt({.issuer = context.server.issuer,
                                 .subject = grant.user,
                                 .audience = resource == nullptr ? grant.resource : resource->url,
                                 .client = grant.client,
                                 .scope = join(record.scopes, " "),
                                 .tenant = grant.tenant,
                                 .issued_at = record.created_at,
                                 .expires_at = record.expires_at},
                                *signer);
}

Result<IssuedAccess> issue_until(Time expires_at, const store::Grant& grant, const std::vector<std::string>& scopes,
                                 Time now, const Context& context) {
  IssuedAccess issued;
  issued.record.grant = grant.id;
  issued.record.scopes = scopes;
  issued.record.created_at = now;
  issued.record.expires_at = expires_at;
  if (context.signs_tokens()) {
    auto value = sign(grant, issued.record, context);
    if (!value) return value.error();
    issued.value = *std::move(value);
  } else {
    issued.value = token::make_token(context.server.access_token.prefix);
  }
  issued.record.hash = token::token_hash(issued.value);
  return issued;
}

}  // namespace

Result<IssuedAccess> issue_access(const store::Grant& grant, const std::vector<std::string>& scopes, Time now,
                                  const Context& context) {
  return issue_until(std::min(now + context.server.access_token.lifetime, grant.expires_at), grant, scopes, now,
                     context);
}

Result<IssuedAccess> issue_long_access(const store::Grant& grant, const std::vector<std::string>& scopes, Time now,
                                       const Context& context) {
  return issue_until(grant.expires_at, grant, scopes, now, context);
}

IssuedRefresh issue_refresh(const store::Grant& grant, const std::vector<std::string>& scopes, Time now,
                            const Context& context) {
  IssuedRefresh issued;
  issued.value = token::make_token(token::kRefreshPrefix);
  issued.record.hash = token::token_hash(issued.value);
  issued.record.grant = grant.id;
  issued.record.scopes = scopes;
  issued.record.created_at = now;
  issued.record.expires_at = std::min(now + context.server.refresh_token.idle, grant.expires_at);
  return issued;
}

void audit_tokens(std::string_view event, const store::Grant& grant, const std::vector<std::string>& scopes,
                  const Context& context) {
  const std::string scope = join(scopes, " ");
  context.log.audit(event, {{"user", grant.user},
                            {"client", grant.client},
                            {"tenant", grant.tenant},
                            {"resource", grant.resource},
                            {"scope", scope},
                            {"grant", grant.id}});
}

std::optional<Error> end_grant(const store::Grant& grant, std::string_view reason, Time now, const Context& context) {
  const auto revoked = context.store.grants().revoke(grant.id, reason, now);
  if (!revoked && revoked.error().code != Errc::not_found) return revoked.error();
  audit_tokens(reason, grant, grant.scopes, context);
  return std::nullopt;
}

}  // namespace postern::oauth
