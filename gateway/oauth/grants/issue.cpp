#include "oauth/grants/issue.hpp"

#include <algorithm>

#include "base/strings.hpp"
#include "token/opaque.hpp"

namespace postern::oauth {

IssuedAccess issue_access(const store::Grant& grant, const std::vector<std::string>& scopes, Time now,
                          const Context& context) {
  IssuedAccess issued;
  issued.value = token::make_token(context.server.access_token.prefix);
  issued.record.hash = token::token_hash(issued.value);
  issued.record.grant = grant.id;
  issued.record.scopes = scopes;
  issued.record.created_at = now;
  issued.record.expires_at = std::min(now + context.server.access_token.lifetime, grant.expires_at);
  return issued;
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
