#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace postern::store {

// A user's key is "PROVIDER:SUBJECT", "local:alice" for users of the store. Never an e-mail address: providers reuse
// them.
struct User {
  std::string key;
  std::string name;  // shown; for local users the sign-in name
  std::string email;
  std::string password_hash;  // PHC string; empty for users of other providers
  bool disabled = false;
  Time created_at{};
};

struct Tenant {
  std::string handle;
  std::string name;
  std::string plan;
};

struct Membership {
  std::string user;    // key
  std::string tenant;  // handle
  std::string role;    // may be empty
};

enum class Presence : std::uint8_t { either, absent, present };

// What is to be written of a tenant. A value that is not given stays; a new tenant then has its handle as its name and
// no plan.
struct TenantEdit {
  std::string handle;
  std::optional<std::string> name;
  std::optional<std::string> plan;     // empty: none
  Presence wanted = Presence::either;  // what has to be in the store before
};

// The same of a membership: a role that is not given stays, and a new member then has none.
struct MembershipEdit {
  std::string user;
  std::string tenant;
  std::optional<std::string> role;  // empty: none
};

struct TenantEdits {
  std::vector<TenantEdit> tenants{};
  std::vector<MembershipEdit> members{};
};

// A client whose id is the https:// URL of a document about it (draft-ietf-oauth-client-id-metadata-document) has no
// record here: what there is to know of it is in that document. Ids that are made here are no URLs.
inline bool is_document_url(std::string_view client_id) noexcept { return client_id.starts_with("https://"); }
inline constexpr std::size_t kLongestClientUrl = 512;

enum class ClientAuth : std::uint8_t { none, secret_basic, secret_post, private_key_jwt };

struct Client {
  std::string id;
  std::string name;
  ClientAuth auth = ClientAuth::none;
  std::string secret_hash;  // SHA-256 of the secret; empty for public clients
  std::vector<std::string> redirect_uris;
  std::vector<std::string> grant_types;
  std::string application_type;  // "web" or "native"
  std::string client_uri;
  std::string scope;        // as registered; blank-separated; empty: any
  bool dynamic = false;     // came through the registration endpoint
  std::string fingerprint;  // of a public registration's metadata; equal ones share a row. Empty: none
  Time created_at{};
  Time last_used_at{};
  std::string issuer{};  // where it registered, and where alone it is known; empty: at every authorization server
  // Of private_key_jwt, one of the two: its public keys as it registered them (a JWK set), or where they are published.
  std::string jwks{};
  std::string jwks_uri{};
  // Of client_credentials, fixed by the operator like `scope`: where the client acts by itself. Empty for all others.
  std::string tenant{};
  std::string role{};      // there; empty: none
  std::string resource{};  // canonical
  // Not empty for a resource server, which exists for this alone: the resources whose tokens it may ask about, by their
  // canonical names, with `{tenant}` in the name that stands for every tenant.
  std::vector<std::string> introspects{};
};

enum class GrantKind : std::uint8_t {
  authorization_code,
  minted,
  client_credentials,  // `user` is client_user(client): nobody consented, the operator allowed it
};
// The principal of a client that acts by itself, in the place of a user's key.
inline std::string client_user(std::string_view client) { return "client:" + std::string(client); }

// How long a step-up is pending: until then, what the challenge wanted is offered when the user authorizes again.
inline constexpr Duration kStepUpPending = std::chrono::minutes(10);
// A challenge for more scope that a client of a grant got.
struct StepUp {
  Time at{};
  Time refused_until{};             // until then one refresh is refused
  std::vector<std::string> wanted;  // the scopes of the challenge; pending for kStepUpPending
};
// What is pending between a client and its user, over all grants of the client.
struct PendingStepUp {
  std::vector<std::string> wanted;   // the scopes of the challenges, in no order
  std::vector<std::string> missing;  // of these, the ones that the challenged grant did not have
};
// The parties a step-up is pending between. Not the grant, since a client that authorizes again gets another one.
struct Parties {
  std::string user;
  std::string client;
  std::string resource;  // canonical
};

// One consent of one user to one client for one resource and tenant. Tokens hang on it: revoked once, all are dead.
struct Grant {
  std::string id;
  GrantKind kind = GrantKind::authorization_code;
  std::string user;
  std::string tenant;
  std::string client;
  std::string resource;  // canonical
  std::vector<std::string> scopes;
  Time created_at{};
  Time expires_at{};  // of the whole family
  std::optional<Time> revoked_at;
  std::string revoked_reason;
  std::optional<Time> last_used_at;
  bool narrowed = true;  // asked for more than `connect` of the policy: see policy::Caller
  std::string name{};    // what the user calls a token made by hand; empty for all others
};

// What came with the tokens of one grant on one day (UTC) and was let through, since the last time it was told.
struct GrantUse {
  std::string grant;
  Time day{};  // its beginning
  std::int64_t calls = 0;
  Time last_used_at{};
};

enum class ToolCheckOutcome : std::uint8_t {
  listed,
  unreachable,  // the server behind is down, slow, or answers what is no MCP
  not_allowed,  // the policy would not let the grant list tools
};

// Whether the tools could be listed with a grant, as the gateway last tried by itself.
struct ToolCheck {
  std::string grant;
  Time at{};
  ToolCheckOutcome outcome = ToolCheckOutcome::listed;
  std::int64_t tools = 0;  // that the user may see
};

struct Code {
  std::string hash;  // SHA-256
  std::string grant;
  std::string client;
  std::string redirect_uri;
  std::string challenge;  // S256
  Time expires_at{};
  std::optional<Time> used_at;
  int failures = 0;  // wrong verifiers so far
};

struct AccessToken {
  std::string hash;
  std::string grant;
  std::vector<std::string> scopes;
  Time created_at{};
  Time expires_at{};
};

struct RefreshToken {
  std::string hash;
  std::string grant;
  std::vector<std::string> scopes;
  Time created_at{};
  Time expires_at{};  // idle limit or the family's end, whichever is first
  std::optional<Time> rotated_at;
  std::string successor_hash;    // once rotated
  std::string successor_sealed;  // the successor itself, sealed under a key derived from this token's value
};

struct SignInSession {
  std::string hash;  // of the cookie's value
  std::string user;
  Time created_at{};
  Time expires_at{};
};

// How long, and how many of one user, networks are known that a user signed in from.
inline constexpr Duration kNetworkKnown = std::chrono::hours(24 * 30);
inline constexpr int kKnownNetworks = 16;

// How long an authorization keeps the place of an unused client after it was last asked for, and how much of that is
// left at least: as long as a consent page is good for.
inline constexpr Duration kUnderWay = std::chrono::minutes(20);
inline constexpr Duration kUnderWayLeft = std::chrono::minutes(10);

// A key that signs the access tokens of one authorization server. What it is for follows from its times alone, so that
// every process sees the same and nobody has to write: pending before `active_at`, published and not yet signing; then
// active, until the next key's `active_at`; then retiring, until all it signed has expired; then gone.
struct SigningKey {
  std::string id;         // kid
  std::string issuer;     // of the authorization server
  std::string algorithm;  // "ES256"
  std::string sealed;     // the private key, sealed under a key derived from the store's master key
  Time created_at{};
  Time active_at{};
  Duration token_life{};  // of the tokens it signs
  Time tokens_until{};    // the end of the last one that was given a longer life
};

// What changed, in commit order, for caches of every process on the same store.
enum class ChangeKind : std::uint8_t {
  grant_revoked,   // subject: the grant's id
  user,            // the user's key
  tenant,          // the handle; empty: many
  membership,      // the user's key
  client,          // the client's id; new clients are no change, since nobody can have asked for them before
  access_revoked,  // one access token alone: its hash in hexadecimal
  signing_keys,    // of an authorization server: its issuer
  key_life,        // likewise, where its keys are only kept for longer: no token is worse for it
};
struct Change {
  std::int64_t sequence = 0;
  ChangeKind kind = ChangeKind::grant_revoked;
  std::string subject;

  friend bool operator==(const Change&, const Change&) = default;
};

}  // namespace postern::store
