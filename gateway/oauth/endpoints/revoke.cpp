#include <optional>

#include "oauth/clients/client_auth.hpp"
#include "oauth/endpoints/endpoints.hpp"
#include "oauth/endpoints/form_post.hpp"
#include "oauth/grants/issue.hpp"
#include "token/access_jwt.hpp"
#include "token/opaque.hpp"

namespace postern::oauth {
namespace {

// RFC 7009 section 2.1: a refresh token takes its whole grant with it, an access token goes alone. What kind it is
// shows in the token, so the hint is not needed and a wrong one does no harm. A token that is unknown, or another
// client's, is left as it is and the answer is the same.
std::optional<Error> revoke_refresh(const std::string& hash, const store::Client& client, const Context& context) {
  const auto found = context.store.grants().find_refresh(hash);
  if (!found) return found.error();
  if (!*found || (*found)->grant.client != client.id || (*found)->grant.revoked_at) return std::nullopt;
  return end_grant((*found)->grant, "token_revoked", context.clock.now(), context);
}

std::optional<Error> revoke_access(const std::string& hash, const store::Client& client, const Context& context) {
  const auto found = context.store.grants().find_access(hash);
  if (!found) return found.error();
  if (!*found || (*found)->grant.client != client.id) return std::nullopt;
  const auto revoked = context.store.grants().revoke_access(hash);
  if (!revoked && revoked.error().code != Errc::not_found) return revoked.error();
  audit_tokens("token_revoked", (*found)->grant, (*found)->token.scopes, context);
  return std::nullopt;
}

}  // namespace

http::Response revoke(const http::Request& request, const Context& context) {
  const auto form = read_form_post(request);
  if (!form) return refuse("revoke", request, form.error(), context);
  const auto client = authenticate_client(request, *form, context);
  if (!client) return refuse("revoke", request, client.error().error, context, client.error().basic);
  const auto value = form->get("token");
  if (!value || value->empty()) return refuse("revoke", request, invalid_request("token is missing."), context);

  std::optional<Error> fault;
  if (token::has_token_shape(*value, token::kRefreshPrefix)) {
    fault = revoke_refresh(token::token_hash(*value), *client, context);
  } else if (token::has_access_token_shape(*value, context.server.access_token.prefix, context.signs_tokens())) {
    fault = revoke_access(token::token_hash(*value), *client, context);
  }
  if (fault) return refuse("revoke", request, store_error(*fault), context);
  http::Response done;
  done.headers.set("Cache-Control", "no-store");
  return done;
}

}  // namespace postern::oauth
