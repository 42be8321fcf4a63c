#include "oauth/clients/client_assertion.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "crypto/hash.hpp"
#include "crypto/jws.hpp"
#include "crypto/jwt.hpp"
#include "oauth/clients/client_keys.hpp"
#include "oauth/clients/find_client.hpp"

namespace postern::oauth {
namespace {

constexpr std::size_t kLongestId = 256;  // of a jti, in bytes
constexpr Duration kSkew = std::chrono::minutes(1);
// How far ahead `exp` may lie: so long its `jti` is kept.
constexpr Duration kLongestLife = std::chrono::hours(1);

OAuthError refused(std::string detail) {
  return oauth_error("invalid_client",
                     "The client assertion does not prove who the client is: sign a new one with a registered key, for "
                     "this issuer, with iss, sub, aud, exp and a jti that was not used before.",
                     std::move(detail), 401);
}

// RFC 8725 section 3.11: a JWT that says it is something else is no assertion. `JWT` is what clients write who say
// nothing by it.
std::optional<OAuthError> type_fault(const crypto::Jws& jws) {
  if (jws.typ().empty() || jws.has_type("JWT") || jws.has_type("client-authentication+jwt")) return std::nullopt;
  return refused("the assertion is of another type");
}

// RFC 7523 section 3, numbers 1 and 2: issuer and subject are the client.
Result<std::string, OAuthError> subject_of(const crypto::Claims& claims, std::string_view posted_id) {
  const std::string subject = claims.text("sub");
  if (subject.empty() || subject.size() > store::kLongestClientUrl) return refused("sub is missing or too long");
  if (claims.text("iss") != subject) return refused("iss is not sub");
  if (!posted_id.empty() && posted_id != subject) return refused("client_id is not sub");
  return subject;
}

// RFC 7523 section 3, number 3. One audience, compared byte by byte: an assertion that is good elsewhere too could be
// used by whoever received it there.
std::optional<OAuthError> audience_fault(const crypto::Claims& claims, const Context& context) {
  const auto audiences = claims.audiences();
  if (audiences.size() != 1) return refused("aud is not one audience");
  if (audiences.front() == context.server.issuer) return std::nullopt;
  if (audiences.front() == context.issuer_origin() + context.server.endpoints.token) return std::nullopt;
  return refused("aud is neither the issuer nor the token endpoint");
}

// RFC 7523 section 3, numbers 4 to 6.
std::optional<OAuthError> time_fault(const crypto::Claims& claims, Time now) {
  const auto timely = claims.check_times(now, {.skew = kSkew, .longest_life = kLongestLife});
  return timely ? std::nullopt : std::optional(refused(timely.error().what));
}

// A client that a document describes may offer more than one way, and chooses among those that this server takes.
bool may_sign(const store::Client& client) {
  if (client.auth == store::ClientAuth::private_key_jwt) return true;
  return store::is_document_url(client.id) && !(client.jwks.empty() && client.jwks_uri.empty());
}

Result<store::Client, OAuthError> signing_client(const std::string& id, const Context& context) {
  auto client = find_client(id, context);
  const bool told = !client && (client.error().status == 503 || store::is_document_url(id));
  if (told) return client;
  if (!client || !may_sign(*client)) return refused("no client with keys");
  return client;
}

// One of the client's keys must have signed it; keys that are held are asked for anew when none of them can have.
std::optional<OAuthError> signature_fault(const crypto::Jws& jws, const store::Client& client, const Context& context) {
  for (const bool fresh : {false, true}) {
    const auto keys = keys_of(client, fresh, context);
    if (!keys) return keys.error();
    if (jws.signer(*keys) != nullptr) return std::nullopt;
    if (!jws.kid().empty() && !jws.candidates(*keys).empty()) break;
  }
  return refused("none of the client's keys signed it");
}

// RFC 7523 section 3, number 7: once and never again, in every process. Last of all, so that only who holds the key can
// use one up.
std::optional<OAuthError> replay_fault(const crypto::Claims& claims, const std::string& client,
                                       const Context& context) {
  const std::string id = claims.text("jti");
  if (id.empty() || id.size() > kLongestId) return refused("jti is missing or too long");
  const auto expires = claims.time("exp");
  const Time until = expires && *expires ? **expires + kSkew : context.clock.now() + kLongestLife;
  const std::string name = "client assertion" + std::string(1, '\0') + client + std::string(1, '\0') + id;
  const auto used = context.store.clients().use_once(crypto::sha256_string(name), until);
  if (used) return std::nullopt;
  return used.error().code == Errc::conflict ? refused("jti was used before") : store_error(used.error());
}

}  // namespace

Result<store::Client, OAuthError> authenticate_assertion(std::string_view assertion, std::string_view posted_id,
                                                         const Context& context) {
  const auto jws = crypto::Jws::read(assertion, crypto::kEveryJwsAlgorithm);
  if (!jws) return refused(jws.error().what);
  if (auto fault = type_fault(*jws)) return *std::move(fault);
  const auto claims = crypto::Claims::read(jws->payload());
  if (!claims) return refused(claims.error().what);
  // Read before it is believed, to know whose keys to try.
  const auto subject = subject_of(*claims, posted_id);
  if (!subject) return subject.error();
  auto client = signing_client(*subject, context);
  if (!client) return client;
  if (auto fault = signature_fault(*jws, *client, context)) return *std::move(fault);
  if (auto fault = audience_fault(*claims, context)) return *std::move(fault);
  if (auto fault = time_fault(*claims, context.clock.now())) return *std::move(fault);
  if (auto fault = replay_fault(*claims, *subject, context)) return *std::move(fault);
  return client;
}

}  // namespace postern::oauth
