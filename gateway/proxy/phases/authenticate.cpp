#include "authn/bearer.hpp"
#include "authn/signed_token.hpp"
#include "base/strings.hpp"
#include "crypto/jws.hpp"
#include "oauth/scope.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"
#include "proxy/refusals.hpp"
#include "runtime/store_work.hpp"
#include "token/access_jwt.hpp"
#include "token/opaque.hpp"

namespace postern::proxy {
namespace {

using Verified = Result<std::shared_ptr<const token::Principal>>;

authn::Refusal invalid_token(std::string description) {
  return challenged(401, "invalid_token", std::move(description), "invalid_token");
}

authn::Refusal invalid_token_format() {
  return challenged(401, "invalid_token_format", "this is not an access token of this server; sign in to get one",
                    "invalid_token");
}

// RFC 6750 section 3.1. What was sent is not shown: it may be a password.
authn::Refusal without_token(authn::BearerState state) {
  switch (state) {
    case authn::BearerState::repeated:
      return challenged(400, "invalid_request",
                        "the request has several Authorization headers; send exactly one, as \"Bearer TOKEN\"",
                        "invalid_request");
    case authn::BearerState::unreadable: return invalid_token_format();
    case authn::BearerState::other_scheme:
      return challenged(401, "missing_bearer_token",
                        "the Authorization header has another scheme than Bearer; sign in: this server takes OAuth 2.1 "
                        "access tokens",
                        "");
    default: return challenged(401, "missing_bearer_token", "sign in: this server takes OAuth 2.1 access tokens", "");
  }
}

// From the cache, else from the store on its pool.
awaitable<Verified> look_up(McpExchange& x, std::string_view token) {
  auto& services = x.services();
  const auto now = services.clock.now();
  x.token_digest = crypto::sha256(token);
  x.token_generation = services.tokens.generation();
  auto cached = services.tokens.find(x.token_digest, now);
  services.metrics.token_cache(cached != nullptr);
  if (cached) co_return cached;
  // A token from the cache had its signature checked when it came in; a change of keys takes out what they signed.
  const std::function<Verified()> work = [generation = x.generation, server = x.resource.server,
                                          keys = &services.signing_keys, value = std::string(token),
                                          hash = crypto::as_string(x.token_digest), now] {
    const auto& verifier = generation->verifier();
    if (!crypto::has_jws_shape(value)) return verifier.verify(hash, now);
    return authn::verify_signed(value, {server->issuer, server->key_ring}, *keys, verifier, now);
  };
  auto verified = co_await runtime::read_store<Verified>(services, work);
  if (verified) services.tokens.insert(x.token_digest, *verified, now, x.token_generation);
  co_return verified;
}

// A role that was lowered since the consent lowers what the token carries: in decisions, in the challenge, and in what
// the server behind is told.
std::shared_ptr<const token::Principal> within_role(std::shared_ptr<const token::Principal> principal,
                                                    const policy::Policy& policy) {
  auto scopes = policy.grantable(principal->scopes, principal->role);
  if (scopes.size() == principal->scopes.size()) return principal;
  auto lowered = std::make_shared<token::Principal>(*principal);
  lowered->scopes = std::move(scopes);
  return lowered;
}

// A token made by hand is pasted into many places: the header beside it says for whom, and guards against the paste
// that went wrong. What OAuth clients send there does not count.
bool names_its_tenant(const http::FieldBlock& fields, const token::Principal& principal) {
  std::size_t count = 0;
  bool same = false;
  for (const auto& field : fields.all()) {
    if (!ascii_iequals(field.name, "X-Tenant")) continue;
    ++count;
    same = field.value == principal.tenant;
  }
  return count == 1 && same;
}

// A client that authorizes anew because of this refusal asks for the scopes of its challenge, so these include what the
// client was last challenged for. Only tokens that were ours get this far, so made-up ones cost no second look-up.
awaitable<authn::Refusal> expired_token(McpExchange& x, std::string_view token) {
  auto refused = invalid_token("the access token has expired; refresh it or sign in again");
  using Scopes = Result<std::vector<std::string>>;
  auto* store = &x.services().store;
  const std::function<Scopes()> work = [store, hash = crypto::as_string(crypto::sha256(token)),
                                        resource = x.resource.canonical, now = x.services().clock.now()] {
    return store->grants().wanted_by_token(hash, resource, now);
  };
  const auto wanted = co_await runtime::read_store<Scopes>(x.services(), work);
  if (wanted && !wanted->empty()) {
    auto scopes = x.resource.policy->default_scopes();
    scopes.insert(scopes.end(), wanted->begin(), wanted->end());
    refused.scopes = oauth::known_scopes(scopes, *x.resource.policy);
  }
  co_return refused;
}

}  // namespace

bool is_verdict(const Error& error) {
  return error.code == Errc::not_found || error.code == Errc::expired || error.code == Errc::denied;
}

authn::Refusal store_away() { return try_again("the gateway cannot check tokens right now; try again in a moment"); }

// RFC 6750 section 3.1, RFC 8707 section 2: the token must be ours, alive, and for this resource.
awaitable<MaybeRefusal> authenticate(McpExchange& x) {
  const auto bearer = authn::extract_bearer(x.head().fields);
  if (bearer.state != authn::BearerState::present) {
    auto refused = without_token(bearer.state);
    co_return refused;
  }
  if (x.resource.server->external) {
    std::string foreign(bearer.token);
    auto refused = co_await authenticate_external(x, std::move(foreign));
    if (!refused) x.principal = within_role(std::move(x.principal), *x.resource.policy);
    co_return refused;
  }
  const auto& format = x.resource.server->access_token;
  if (!token::has_access_token_shape(bearer.token, format.prefix, format.format == config::TokenFormat::jwt)) {
    auto refused = invalid_token_format();
    co_return refused;
  }
  const std::string token(bearer.token);
  auto verified = co_await look_up(x, token);
  if (!verified && verified.error().code == Errc::expired) {
    auto refused = co_await expired_token(x, token);
    co_return refused;
  }
  if (!verified) {
    auto refused = !is_verdict(verified.error())
                       ? store_away()
                       : invalid_token("the access token is unknown or was revoked; refresh it or sign in again");
    co_return refused;
  }
  const auto& principal = **verified;
  const bool elsewhere = principal.resource != x.resource.canonical ||
                         (!x.resource.fixed_tenant.empty() && principal.tenant != x.resource.fixed_tenant);
  if (elsewhere) {
    auto refused = invalid_token("the access token was issued for another resource; sign in for this one");
    co_return refused;
  }
  if (principal.minted && x.resource.manual_tokens && !names_its_tenant(x.head().fields, principal)) {
    auto refused = invalid_token("send the tenant of this access token as X-Tenant, once");
    co_return refused;
  }
  x.principal = within_role(std::move(*verified), *x.resource.policy);
  co_return std::nullopt;
}

// A change marks what it touches first and then has each worker end the streams of that. So once nothing of this token
// has changed, what is forwarded without waiting again will be found by any change that follows. Changes of others are
// not a reason to look again: otherwise somebody who revokes their own tokens in a loop would keep all calls busy.
awaitable<MaybeRefusal> stay_authenticated(McpExchange& x) {
  while (x.services().tokens.changed_since(x.token_generation, x.token_digest, *x.principal)) {
    auto refused = co_await authenticate(x);
    if (refused) co_return refused;
  }
  co_return std::nullopt;
}

}  // namespace postern::proxy
