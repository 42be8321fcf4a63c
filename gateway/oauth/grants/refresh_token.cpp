#include <algorithm>
#include <optional>
#include <utility>

#include "crypto/aead.hpp"
#include "crypto/hash.hpp"
#include "oauth/grants/grant_types.hpp"
#include "oauth/grants/issue.hpp"
#include "oauth/requested_resource.hpp"
#include "oauth/scope.hpp"
#include "oauth/standing.hpp"
#include "token/opaque.hpp"

namespace postern::oauth {
namespace {

constexpr std::string_view kSuccessorPurpose = "postern refresh successor 1";

OAuthError unusable(std::string detail) {
  return invalid_grant("The refresh token is unknown, expired, revoked or not for this client: authorize again.",
                       std::move(detail));
}

// The successor can be read back with the token it follows and with nothing else: the store alone does not open it.
crypto::Aead successor_seal(std::string_view presented) {
  return crypto::Aead(crypto::hkdf_sha256(presented, "", kSuccessorPurpose));
}

// RFC 8707 section 2.2.
std::optional<OAuthError> resource_differs(const http::Form& form, const store::Grant& grant, const Context& context) {
  const auto named = requested_resource(form, context);
  if (!named) return named.error();
  if (*named == nullptr || (*named)->canonical == grant.resource) return std::nullopt;
  return oauth_error("invalid_target", "The refresh token is for another resource.");
}

// RFC 6749 section 6: the scope of a refresh may be narrower than what was granted, never wider. Some clients repeat
// what they once asked for, so a word that means nothing here is dropped as at authorization, and where only words of
// OpenID Connect are asked for the scope stays as it is; a scope that exists and was not granted is refused.
Result<std::vector<std::string>, OAuthError> narrowed_scopes(const http::Form& form, const store::RefreshToken& token,
                                                             const Standing& standing) {
  const auto asked = parse_scope(form.get("scope").value_or(""));
  if (!asked) return oauth_error("invalid_scope", "Too many scopes are asked for.");
  const auto held = intersect(standing.scopes, token.scopes);
  const auto known = known_scopes(*asked, *standing.resource->policy);
  if (asks_for_default(*asked, known)) return held;
  if (intersect(known, token.scopes).size() != known.size()) {
    return oauth_error("invalid_scope", "A refresh cannot ask for more than was granted: authorize again.");
  }
  auto narrowed = intersect(held, known);
  if (narrowed.empty()) return oauth_error("invalid_scope", "None of the scopes asked for is granted.");
  return narrowed;
}

// Some clients answer a challenge for more scope with a refresh and give up when it brings the same scopes again.
// Refused once, they authorize anew; the family lives on.
std::optional<OAuthError> step_up_refusal(const store::Grant& grant, Time now, const Context& context) {
  if (!context.server.step_up_refresh_refusal) return std::nullopt;
  const auto taken = context.store.grants().take_step_up(grant.id, now);
  if (!taken) return store_error(taken.error());
  if (!*taken) return std::nullopt;
  return invalid_grant("More scope is needed than a refresh can bring: authorize again.", "step-up");
}

struct Refresh {
  std::string_view presented;
  const store::RefreshToken& token;
  const store::Grant& grant;
  std::vector<std::string> scopes;
  Time now;
};

// RFC 9700 section 4.14.2: a token that was rotated is good for the same successor while its answer may have been lost,
// so that parallel processes of one client all end with one living token.
Result<TokenReply, OAuthError> retried(const Refresh& refresh, const Context& context) {
  auto successor = successor_seal(refresh.presented).open(refresh.token.successor_sealed, kSuccessorPurpose);
  if (!successor) return unusable("the successor cannot be opened");
  auto access = issue_access(refresh.grant, refresh.scopes, refresh.now, context);
  if (!access) return store_error(access.error());
  if (const auto added = context.store.grants().add_access(access->record, refresh.now); !added) {
    if (added.error().code == Errc::expired) return unusable(added.error().what);
    return store_error(added.error());
  }
  audit_tokens("token_refreshed", refresh.grant, refresh.scopes, context);
  return TokenReply{std::move(access->value), *std::move(successor), access->record.expires_at - refresh.now,
                    refresh.scopes};
}

// nullopt: somebody else rotated it just now.
Result<std::optional<TokenReply>, OAuthError> rotated(const Refresh& refresh, const Context& context) {
  auto access = issue_access(refresh.grant, refresh.scopes, refresh.now, context);
  if (!access) return store_error(access.error());
  IssuedRefresh successor = issue_refresh(refresh.grant, refresh.token.scopes, refresh.now, context);
  const std::string sealed = successor_seal(refresh.presented).seal(successor.value, kSuccessorPurpose);
  const auto done = context.store.grants().rotate_refresh(refresh.token.hash, {access->record, successor.record},
                                                          sealed, refresh.now);
  if (!done) {
    const Error& error = done.error();
    if (error.code == Errc::conflict) return std::optional<TokenReply>();
    if (error.code == Errc::expired || error.code == Errc::not_found) return unusable(error.what);
    return store_error(error);
  }
  audit_tokens("token_refreshed", refresh.grant, refresh.scopes, context);
  return std::optional(TokenReply{std::move(access->value), std::move(successor.value),
                                  access->record.expires_at - refresh.now, refresh.scopes});
}

}  // namespace

Result<TokenReply, OAuthError> refresh_access_token(const http::Form& form, const store::Client& client,
                                                    const Context& context) {
  const auto presented = form.get("refresh_token");
  if (!presented || presented->empty()) return invalid_request("refresh_token is missing.");
  if (!token::has_token_shape(*presented, token::kRefreshPrefix)) return unusable("not the shape of a refresh token");
  const std::string hash = token::token_hash(*presented);
  bool first_look = true;
  while (true) {
    const auto found = context.store.grants().find_refresh(hash);
    if (!found) return store_error(found.error());
    if (!*found) return unusable("unknown refresh token");
    const auto& [token, grant] = **found;
    const Time now = context.clock.now();

    // A stranger cannot end the family.
    if (grant.client != client.id) return unusable("the refresh token of another client");
    const auto grace = context.server.refresh_token.grace;
    // The clock went back: how long ago it was rotated cannot be told, so it is neither good again nor a theft.
    if (token.rotated_at && now + grace < *token.rotated_at) return unusable("rotated at a time that has not come");
    if (token.rotated_at && now > *token.rotated_at + grace) {
      // RFC 9700 section 4.14.2: two hold the token, and one of them is not its owner. Not by a clock that jumped
      // ahead.
      if (!grant.revoked_at && context.clock.earliest() > *token.rotated_at + grace) {
        if (const auto fault = end_grant(grant, "refresh_reuse", now, context)) return store_error(*fault);
      }
      return unusable("rotated before");
    }
    if (token.expires_at <= now) return unusable("the refresh token has expired");
    const auto standing = standing_of(grant, context);
    if (!standing) return standing_error(standing.error());
    if (auto fault = resource_differs(form, grant, context)) return *std::move(fault);
    auto scopes = narrowed_scopes(form, token, *standing);
    if (!scopes) return scopes.error();
    if (first_look) {
      if (auto fault = step_up_refusal(grant, now, context)) return *std::move(fault);
    }

    const Refresh refresh{*presented, token, grant, *std::move(scopes), now};
    if (token.rotated_at) return retried(refresh, context);
    auto reply = rotated(refresh, context);
    if (!reply) return reply.error();
    if (*reply) return **std::move(reply);
    // Lost the race: the second look finds the winner's successor.
    if (!first_look) return store_error(fail(Errc::internal, "a rotated refresh token is still found active"));
    first_look = false;
  }
}

}  // namespace postern::oauth
