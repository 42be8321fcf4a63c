#include <algorithm>
#include <optional>
#include <utility>

#include "oauth/grants/grant_types.hpp"
#include "oauth/grants/issue.hpp"
#include "oauth/pkce.hpp"
#include "oauth/requested_resource.hpp"
#include "oauth/standing.hpp"
#include "token/opaque.hpp"

namespace postern::oauth {
namespace {

constexpr int kMostFailures = 5;

OAuthError unusable(std::string detail) {
  return invalid_grant("The code is unknown, expired, used or not for this client: authorize again.",
                       std::move(detail));
}

// OAuth 2.1 section 10.2: redirect_uri may be left out, since PKCE does its work; where it is sent it must be the one
// of the authorization request.
std::optional<OAuthError> redirect_uri_differs(const http::Form& form, const store::Code& code) {
  const auto sent = form.get("redirect_uri");
  if (!sent || *sent == code.redirect_uri) return std::nullopt;
  return invalid_grant("redirect_uri is not the one of the authorization request.");
}

// RFC 8707 section 2.2: a token request may not reach beyond what was authorized.
std::optional<OAuthError> resource_differs(const http::Form& form, const store::Grant& grant, const Context& context) {
  const auto named = requested_resource(form, context);
  if (!named) return named.error();
  if (*named == nullptr || (*named)->canonical == grant.resource) return std::nullopt;
  return oauth_error("invalid_target", "The code is for another resource.");
}

// RFC 7636 section 4.6. A wrong verifier does not use the code up, so a stranger who holds it cannot take it from its
// owner; the tries are counted.
std::optional<OAuthError> verifier_fails(const http::Form& form, const store::Code& code, const Context& context) {
  const auto verifier = form.get("code_verifier");
  if (!verifier || verifier->empty()) return invalid_request("code_verifier is missing.");
  if (!has_verifier_shape(*verifier)) return invalid_request("code_verifier has 43 to 128 unreserved characters.");
  if (code.failures >= kMostFailures) return unusable("too many wrong verifiers");
  if (verifier_matches(*verifier, code.challenge)) return std::nullopt;
  if (const auto counted = context.store.grants().count_code_failure(code.hash); !counted) {
    return store_error(counted.error());
  }
  return invalid_grant("code_verifier does not match the challenge.");
}

// RFC 6749 section 4.1.2: a code used twice may have been stolen, so everything that came of it ends. Only for whoever
// holds the code, the client and the verifier: a stranger with the code alone cannot end anything.
OAuthError replayed(const store::Grant& grant, Time now, const Context& context) {
  if (const auto fault = end_grant(grant, "code_replay", now, context)) return store_error(*fault);
  return unusable("the code was used before");
}

}  // namespace

Result<TokenReply, OAuthError> redeem_authorization_code(const http::Form& form, const store::Client& client,
                                                         const Context& context) {
  const auto value = form.get("code");
  if (!value || value->empty()) return invalid_request("code is missing.");
  auto& grants = context.store.grants();
  const auto found = grants.find_code(token::token_hash(*value));
  if (!found) return store_error(found.error());
  if (!*found) return unusable("unknown code");
  const auto& [code, grant] = **found;

  // Nothing of the code is touched before all that the client must know has been checked.
  if (code.client != client.id) return unusable("the code of another client");
  if (auto fault = redirect_uri_differs(form, code)) return *std::move(fault);
  if (auto fault = resource_differs(form, grant, context)) return *std::move(fault);
  if (auto fault = verifier_fails(form, code, context)) return *std::move(fault);

  const Time now = context.clock.now();
  if (code.used_at) return replayed(grant, now, context);
  if (code.expires_at <= now) return unusable("the code has expired");
  const auto standing = standing_of(grant, context);
  if (!standing) return standing_error(standing.error());

  const auto access = issue_access(grant, standing->scopes, now, context);
  if (!access) return store_error(access.error());
  store::NewTokens records{access->record, std::nullopt};
  TokenReply reply{access->value, {}, access->record.expires_at - now, standing->scopes};
  if (std::ranges::find(client.grant_types, "refresh_token") != client.grant_types.end()) {
    IssuedRefresh refresh = issue_refresh(grant, grant.scopes, now, context);
    reply.refresh = std::move(refresh.value);
    records.refresh = std::move(refresh.record);
  }
  const auto redeemed = grants.redeem_code(code.hash, records, now);
  if (!redeemed) {
    const Error& error = redeemed.error();
    if (error.code == Errc::conflict) return replayed(grant, now, context);
    if (error.code == Errc::expired || error.code == Errc::not_found) return unusable(error.what);
    return store_error(error);
  }
  audit_tokens("token_issued", grant, reply.scopes, context);
  if (standing->resource->upstream->first_check) context.check_tools_of(grant.id);
  return reply;
}

}  // namespace postern::oauth
