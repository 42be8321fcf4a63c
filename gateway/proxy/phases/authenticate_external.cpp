#include <algorithm>

#include "authn/external_token.hpp"
#include "base/strings.hpp"
#include "idp/provider_metadata.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"
#include "proxy/refusals.hpp"
#include "runtime/store_work.hpp"

namespace postern::proxy {
namespace {

using Principal = std::shared_ptr<const token::Principal>;

const config::External& external_of(const McpExchange& x) { return *x.resource.server->external; }

authn::Refusal invalid_token(std::string description) {
  return challenged(401, "invalid_token", std::move(description), "invalid_token");
}

// One token may be good at several resources, and mean something else at each.
crypto::Digest digest_of(const McpExchange& x, std::string_view token) {
  return crypto::sha256(x.resource.canonical + '\n' + std::string(token));
}

idp::KeySource source_of(const config::External& external) {
  const auto& discovery = external.discovery;
  return {external.issuer, discovery.empty() ? idp::discovery_url(external.issuer) : discovery, external.jwks_uri};
}

// One of the provider's keys must have made it; keys that are held are asked for anew when none of them can have.
awaitable<Result<void>> check_signature(McpExchange& x, const crypto::Jws& jws) {
  auto& keys_of_providers = x.services().published.provider_keys;
  for (const bool fresh : {false, true}) {
    auto source = source_of(external_of(x));
    const auto keys = co_await keys_of_providers.get(std::move(source), fresh);
    if (!keys) co_return keys.error();
    if (jws.signer(**keys) != nullptr) co_return Result<void>();
    if (!jws.kid().empty() && !jws.candidates(**keys).empty()) break;
  }
  co_return fail(Errc::denied, "none of the provider's keys signed it");
}

// What can be said of the token by itself, on the worker: a forged one never takes a turn of a pool of the store.
awaitable<Result<authn::ExternalIdentity>> read_identity(McpExchange& x, std::string_view token) {
  const auto jws = authn::read_external_token(token, external_of(x));
  if (!jws) co_return jws.error();
  const auto genuine = co_await check_signature(x, *jws);
  if (!genuine) co_return genuine.error();
  auto identity = authn::external_identity(*jws, external_of(x), x.services().clock.now());
  co_return identity;
}

// Every such token is refused, so a provider that makes no others needs other settings. The operator should learn that
// without debug lines; it is logged once, because any holder of a token could repeat it without end.
void note_bound_token(McpExchange& x) {
  const auto& issuer = external_of(x).issuer;
  if (!x.services().said.first("bound tokens of " + issuer)) return;
  x.services().log.warning("external_tokens_bound_to_keys",
                           {{"request_id", x.context.id},
                            {"issuer", issuer},
                            {"what",
                             "the provider binds access tokens to keys (the claim cnf of DPoP or mutual TLS); no such "
                             "proof is checked here, so these tokens get 401. Have the provider issue plain bearer "
                             "tokens for this API. This is logged once for each provider."}});
}

// Anybody can send tokens that look like the provider's.
void note_keys_unavailable(McpExchange& x, const Error& error) {
  auto& services = x.services();
  const auto now = std::chrono::steady_clock::now();
  if (!services.counters.refusals.admits(telemetry::StrangerLine::refused, x.context.peer, now)) return;
  services.log.warning("provider_keys_unavailable",
                       {{"request_id", x.context.id}, {"issuer", external_of(x).issuer}, {"what", error.what}});
}

authn::Refusal not_verified(McpExchange& x, const Error& error) {
  if (error.code == Errc::denied && error.what == authn::kBoundToKey) {
    note_bound_token(x);
    return invalid_token(error.what);
  }
  if (!is_verdict(error)) {
    note_keys_unavailable(x, error);
    return store_away();
  }
  x.services().log.debug("external_token_refused", {{"request_id", x.context.id}, {"what", error.what}});
  return invalid_token(
      "the access token has expired, or is none of the authorization server's for this API; get another");
}

awaitable<Result<Principal>> place(McpExchange& x, authn::ExternalIdentity identity) {
  const std::function<Result<Principal>()> work = [generation = x.generation, resource = &x.resource,
                                                   store = &x.services().store, who = std::move(identity)] {
    return authn::place_external(who, *resource, generation->directory(), store->users());
  };
  auto placed = co_await runtime::read_store<Result<Principal>>(x.services(), work);
  co_return placed;
}

// The cache, else the provider's keys and then the store.
awaitable<MaybeRefusal> look_up(McpExchange& x, std::string_view token) {
  auto& services = x.services();
  const auto now = services.clock.now();
  x.token_digest = digest_of(x, token);
  x.token_generation = services.tokens.generation();
  x.principal = services.tokens.find(x.token_digest, now);
  services.metrics.token_cache(x.principal != nullptr);
  if (x.principal) co_return std::nullopt;

  auto identity = co_await read_identity(x, token);
  if (!identity) {
    auto refused = not_verified(x, identity.error());
    co_return refused;
  }
  auto who = std::move(*identity);
  auto placed = co_await place(x, std::move(who));
  if (!placed) {
    // Another token of the same user would be as good and give as little.
    auto refused = is_verdict(placed.error()) ? refusal(403, "access_denied", placed.error().what) : store_away();
    co_return refused;
  }
  x.principal = std::move(*placed);
  services.tokens.insert(x.token_digest, x.principal, now, x.token_generation);
  co_return std::nullopt;
}

MaybeRefusal check_client(const McpExchange& x) {
  const auto& allowed = external_of(x).allowed_clients;
  if (!allowed || std::ranges::find(*allowed, x.principal->client) != allowed->end()) return std::nullopt;
  return refusal(403, "access_denied", "this client may not call here; the operator can name it in `allowed_clients`");
}

MaybeRefusal check_scopes(const McpExchange& x) {
  const auto& held = x.principal->scopes;
  auto scopes = external_of(x).required_scopes;
  const auto lacks = [&held](const std::string& scope) { return std::ranges::find(held, scope) == held.end(); };
  if (std::ranges::none_of(scopes, lacks)) return std::nullopt;
  auto refused =
      challenged(403, "insufficient_scope", "the access token lacks " + join(scopes, " "), "insufficient_scope");
  for (const auto& scope : held) {
    const bool ours = x.resource.policy->knows_scope(scope);
    if (ours && std::ranges::find(scopes, scope) == scopes.end()) scopes.push_back(scope);
  }
  refused.scopes = std::move(scopes);
  return refused;
}

}  // namespace

awaitable<MaybeRefusal> authenticate_external(McpExchange& x, std::string token) {
  if (!crypto::has_jws_shape(token)) {
    auto refused = challenged(401, "invalid_token_format",
                              "this is no signed access token; get one from the authorization server", "invalid_token");
    co_return refused;
  }
  auto refused = co_await look_up(x, token);
  if (!refused) refused = check_client(x);
  if (!refused) refused = check_scopes(x);
  co_return refused;
}

}  // namespace postern::proxy
