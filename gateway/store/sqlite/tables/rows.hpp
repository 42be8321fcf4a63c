#pragma once

#include <string>
#include <vector>

#include "store/records.hpp"
#include "store/sqlite/connection/connection.hpp"

// Records as rows. Each reader expects the columns named in the constant beside it, from `at` on, so that a join can
// select several records side by side; the table's alias is in the names.
namespace postern::store::sqlite {

// A list in one column: a JSON array of strings.
std::string to_json(const std::vector<std::string>& list);
std::vector<std::string> read_list(Statement& row, int column);

inline constexpr char kUserColumns[] = "u.key, u.name, u.email, u.password_hash, u.disabled, u.created_at";
User read_user(Statement& row, int at = 0);

inline constexpr char kClientColumns[] =
    "c.id, c.name, c.auth, c.secret_hash, c.redirect_uris, c.grant_types, c.application_type, c.client_uri, c.scope, "
    "c.dynamic, c.fingerprint, c.created_at, c.last_used_at, c.issuer, c.jwks, c.jwks_uri, c.tenant, c.role, "
    "c.resource, c.introspects";
Client read_client(Statement& row, int at = 0);

inline constexpr char kGrantColumns[] =
    "g.id, g.kind, g.user, g.tenant, g.client, g.resource, g.scopes, g.created_at, g.expires_at, g.revoked_at, "
    "g.revoked_reason, g.last_used_at, g.narrowed, g.name";
inline constexpr int kGrantWidth = 14;
Grant read_grant(Statement& row, int at = 0);

inline constexpr char kCodeColumns[] =
    "o.hash, o.grant_id, o.client, o.redirect_uri, o.challenge, o.expires_at, o.used_at, o.failures";
Code read_code(Statement& row, int at = 0);

inline constexpr char kAccessColumns[] = "a.hash, a.grant_id, a.scopes, a.created_at, a.expires_at";
inline constexpr int kAccessWidth = 5;
AccessToken read_access(Statement& row, int at = 0);

inline constexpr char kRefreshColumns[] =
    "r.hash, r.grant_id, r.scopes, r.created_at, r.expires_at, r.rotated_at, r.successor_hash, r.successor_sealed";
RefreshToken read_refresh(Statement& row, int at = 0);

inline constexpr char kSigningKeyColumns[] =
    "id, issuer, algorithm, sealed, created_at, active_at, token_life, tokens_until";
SigningKey read_signing_key(Statement& row);

ToolCheck read_tool_check(Statement& row);   // grant_id, at, outcome, tools
Tenant read_tenant(Statement& row);          // handle, name, plan
Membership read_membership(Statement& row);  // user, tenant, role
SignInSession read_session(Statement& row);  // hash, user, created_at, expires_at
Change read_change(Statement& row);          // sequence, kind, subject

}  // namespace postern::store::sqlite
