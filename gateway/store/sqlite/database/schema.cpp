#include "store/sqlite/database/schema.hpp"

#include <array>

#include "store/sqlite/connection/query.hpp"

namespace postern::store::sqlite {
namespace {

// Users, tenants and clients of a grant may live elsewhere (configuration files, identity providers, metadata
// documents), so they are names here and no foreign keys. Times are milliseconds since the epoch, hashes are blobs,
// lists JSON arrays.
constexpr char kVersion1[] = R"sql(
CREATE TABLE users (
  key TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  hash BLOB NOT NULL PRIMARY KEY,
  user TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user);

CREATE TABLE failures (
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX failures_key ON failures (key, at);

CREATE TABLE tenants (
  handle TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  plan TEXT NOT NULL
) STRICT;

CREATE TABLE memberships (
  user TEXT NOT NULL,
  tenant TEXT NOT NULL,
  role TEXT NOT NULL,
  PRIMARY KEY (user, tenant)
) STRICT;
CREATE INDEX memberships_tenant ON memberships (tenant);

CREATE TABLE clients (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  auth INTEGER NOT NULL,
  secret_hash BLOB NOT NULL,
  redirect_uris TEXT NOT NULL,
  grant_types TEXT NOT NULL,
  application_type TEXT NOT NULL,
  client_uri TEXT NOT NULL,
  scope TEXT NOT NULL,
  dynamic INTEGER NOT NULL,
  fingerprint BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX clients_fingerprint ON clients (fingerprint) WHERE fingerprint <> x'';

CREATE TABLE consents (
  id BLOB NOT NULL PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE grants (
  id TEXT NOT NULL PRIMARY KEY,
  kind INTEGER NOT NULL,
  user TEXT NOT NULL,
  tenant TEXT NOT NULL,
  client TEXT NOT NULL,
  resource TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  revoked_reason TEXT NOT NULL DEFAULT '',
  last_used_at INTEGER,
  step_up_until INTEGER
) STRICT;
CREATE INDEX grants_user ON grants (user);
CREATE INDEX grants_tenant ON grants (tenant);
CREATE INDEX grants_client ON grants (client);

CREATE TABLE codes (
  hash BLOB NOT NULL PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  client TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  challenge TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  failures INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX codes_grant ON codes (grant_id);

CREATE TABLE access_tokens (
  hash BLOB NOT NULL PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX access_tokens_grant ON access_tokens (grant_id);

CREATE TABLE refresh_tokens (
  hash BLOB NOT NULL PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  rotated_at INTEGER,
  successor_hash BLOB,
  successor_sealed BLOB
) STRICT;
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);

CREATE TABLE changes (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,
  subject TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
)sql";

// Clients of before are known at every authorization server, as they were.
constexpr char kVersion2[] = "ALTER TABLE clients ADD COLUMN issuer TEXT NOT NULL DEFAULT ''";

// Keys that sign tokens, clients that prove themselves with keys or act by themselves.
constexpr char kVersion3[] = R"sql(
CREATE TABLE signing_keys (
  id TEXT NOT NULL PRIMARY KEY,
  issuer TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  active_at INTEGER NOT NULL,
  token_life INTEGER NOT NULL,
  tokens_until INTEGER NOT NULL
) STRICT;
CREATE INDEX signing_keys_issuer ON signing_keys (issuer, active_at);

CREATE TABLE used_once (
  hash BLOB NOT NULL PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT;

ALTER TABLE clients ADD COLUMN jwks TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN jwks_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN role TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN resource TEXT NOT NULL DEFAULT '';
)sql";

// Whether a membership came with a sign-in elsewhere (1) or from an operator (0).
constexpr char kVersion4[] = "ALTER TABLE memberships ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0";

// Grants of before were made when nothing depended on what was asked for: they get no more than they hold.
constexpr char kVersion5[] = "ALTER TABLE grants ADD COLUMN narrowed INTEGER NOT NULL DEFAULT 1";

// What users see of their grants. Days are their first millisecond.
constexpr char kVersion6[] = R"sql(
ALTER TABLE grants ADD COLUMN name TEXT NOT NULL DEFAULT '';

CREATE TABLE usage (
  grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  day INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  PRIMARY KEY (grant_id, day)
) STRICT;

CREATE TABLE tool_checks (
  grant_id TEXT NOT NULL PRIMARY KEY REFERENCES grants (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  tools INTEGER NOT NULL
) STRICT;
)sql";

// Resource servers that ask about the tokens of their resources.
constexpr char kVersion7[] = "ALTER TABLE clients ADD COLUMN introspects TEXT NOT NULL DEFAULT '[]'";

// The scopes that a challenge for more wanted, and until when they are pending.
constexpr char kVersion8[] = R"sql(
ALTER TABLE grants ADD COLUMN step_up_wanted TEXT NOT NULL DEFAULT '[]';
ALTER TABLE grants ADD COLUMN step_up_pending_until INTEGER;
)sql";

// Where users have signed in from, so that strangers elsewhere cannot keep them from it.
constexpr char kVersion9[] = R"sql(
CREATE TABLE known_networks (
  user TEXT NOT NULL,
  hash BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (user, hash)
) STRICT;
)sql";

// Clients that registered themselves and that nobody has approved yet: see store/sqlite/tables/unused_clients.hpp.
// Triggers keep the counts, so that they are right whatever removes a client. A count that stands at level 0 is that of
// all networks together.
constexpr char kVersion10[] = R"sql(
CREATE TABLE unused_clients (
  client TEXT NOT NULL PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
  made INTEGER NOT NULL,
  wide TEXT NOT NULL,
  site TEXT NOT NULL,
  narrow TEXT NOT NULL,
  kept INTEGER NOT NULL,
  kept_until INTEGER NOT NULL
) STRICT;
CREATE INDEX unused_clients_oldest ON unused_clients (narrow, kept, kept_until, made);
CREATE INDEX unused_clients_kept ON unused_clients (kept_until) WHERE kept = 1;

CREATE TABLE unused_networks (
  kept INTEGER NOT NULL,
  level INTEGER NOT NULL,
  network TEXT NOT NULL,
  parent TEXT NOT NULL,
  clients INTEGER NOT NULL,
  touched INTEGER NOT NULL,
  PRIMARY KEY (kept, level, network)
) STRICT, WITHOUT ROWID;
CREATE INDEX unused_networks_fullest ON unused_networks (kept, level, parent, clients, touched DESC);

CREATE TRIGGER unused_clients_added AFTER INSERT ON unused_clients BEGIN
  INSERT INTO unused_networks (kept, level, network, parent, clients, touched) VALUES
    (new.kept, 0, '', '', 1, max(new.made, new.kept_until)),
    (new.kept, 1, new.wide, '', 1, max(new.made, new.kept_until)),
    (new.kept, 2, new.site, new.wide, 1, max(new.made, new.kept_until)),
    (new.kept, 3, new.narrow, new.site, 1, max(new.made, new.kept_until))
  ON CONFLICT DO UPDATE SET clients = clients + 1, touched = max(touched, excluded.touched);
END;

CREATE TRIGGER unused_clients_removed AFTER DELETE ON unused_clients BEGIN
  INSERT INTO unused_networks (kept, level, network, parent, clients, touched) VALUES
    (old.kept, 0, '', '', 0, 0),
    (old.kept, 1, old.wide, '', 0, 0),
    (old.kept, 2, old.site, old.wide, 0, 0),
    (old.kept, 3, old.narrow, old.site, 0, 0)
  ON CONFLICT DO UPDATE SET clients = clients - 1;
  DELETE FROM unused_networks
  WHERE kept = old.kept AND level IN (0, 1, 2, 3) AND network IN ('', old.wide, old.site, old.narrow) AND clients = 0;
END;

INSERT INTO unused_clients (client, made, wide, site, narrow, kept, kept_until)
SELECT id, last_used_at, '', '', '', 0, 0 FROM clients
WHERE dynamic = 1 AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.client = clients.id);
)sql";

// By what time was last deleted, and the last time that was beyond doubt, so that a process whose clock is wrong can
// tell. In a store of before, nothing was deleted after the newest time in it.
constexpr char kVersion11[] = R"sql(
CREATE TABLE clock (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  deleted_until INTEGER NOT NULL,
  relied_on INTEGER
) STRICT;

INSERT INTO clock (id, deleted_until) SELECT 1, newest FROM (
  SELECT max(at) AS newest FROM (
    SELECT at FROM changes
    UNION ALL SELECT created_at FROM grants
    UNION ALL SELECT created_at FROM access_tokens))
WHERE newest IS NOT NULL;
)sql";

// By which the key file beside the database is known, once it was first used with this store.
constexpr char kVersion12[] = R"sql(
CREATE TABLE IF NOT EXISTS master_key (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  fingerprint BLOB NOT NULL
) STRICT;
)sql";

// One step per version, never changed once released.
constexpr std::array<const char*, 12> kSteps{kVersion1, kVersion2, kVersion3, kVersion4,  kVersion5,  kVersion6,
                                             kVersion7, kVersion8, kVersion9, kVersion10, kVersion11, kVersion12};

Result<void> migrate_inside(Connection& db) {
  const auto version = first(db, read_integer, "PRAGMA user_version");
  if (!version) return version.error();
  const auto from = static_cast<std::size_t>(version->value_or(0));
  if (from >= kSteps.size()) return {};
  for (std::size_t step = from; step < kSteps.size(); ++step) {
    if (const auto done = db.execute(kSteps.at(step)); !done) return done.error();
  }
  return db.execute("PRAGMA application_id=" + std::to_string(kApplicationId) +
                    "; PRAGMA user_version=" + std::to_string(kSteps.size()));
}

}  // namespace

int schema_version() noexcept { return static_cast<int>(kSteps.size()); }

Result<void> migrate(Connection& db) {
  if (const auto begun = db.execute("BEGIN IMMEDIATE"); !begun) return begun.error();
  auto done = migrate_inside(db);
  if (done) done = db.execute("COMMIT");
  if (!done && db.in_transaction()) (void)db.execute("ROLLBACK");
  return done;
}

}  // namespace postern::store::sqlite
