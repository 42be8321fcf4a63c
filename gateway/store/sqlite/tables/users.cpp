#include "store/sqlite/tables/users.hpp"

#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/tables/rows.hpp"
#include "store/sqlite/tables/steps.hpp"

namespace postern::store::sqlite {
namespace {

Result<int> count_failures(Connection& db, const std::string& keys, Time after) {
  const auto highest = first(db, read_integer,
                             "SELECT max(n) FROM (SELECT count(*) AS n FROM failures WHERE key IN "
                             "(SELECT value FROM json_each(?1)) AND at > ?2 GROUP BY key)",
                             keys, after);
  if (!highest) return highest.error();
  return static_cast<int>(highest->value_or(0));
}

// Each returns how many rows it changed: what stays as it was is no change, and empties nobody's cache.

// What the last sign-in gave and this one does not.
Result<int> drop_claimed(Transaction& transaction, std::string_view user, const std::string& tenants) {
  const auto gone = all(transaction.db, read_bytes,
                        "DELETE FROM memberships WHERE user = ?1 AND claimed = 1 AND tenant NOT IN "
                        "(SELECT value FROM json_each(?2)) RETURNING tenant",
                        user, tenants);
  if (!gone) return gone.error();
  for (const std::string& tenant : *gone) {
    const auto revoked =
        revoke_grants(transaction, transaction.now, "no member any more", "user = ?3 AND tenant = ?4", user, tenant);
    if (!revoked) return revoked.error();
  }
  return static_cast<int>(gone->size());
}

Result<int> claim(Transaction& transaction, const Membership& membership) {
  return run(transaction.db,
             "INSERT INTO memberships (user, tenant, role, claimed) VALUES (?1, ?2, ?3, 1) "
             "ON CONFLICT (user, tenant) DO UPDATE SET role = excluded.role "
             "WHERE claimed = 1 AND role <> excluded.role",
             membership.user, membership.tenant, membership.role);
}

Result<int> claim_all(Transaction& transaction, std::string_view user, const std::vector<Membership>& memberships) {
  std::vector<std::string> tenants;
  for (const Membership& membership : memberships) tenants.push_back(membership.tenant);
  auto changed = drop_claimed(transaction, user, to_json(tenants));
  for (const Membership& membership : memberships) {
    if (!changed) return changed;
    const auto claimed = claim(transaction, membership);
    if (!claimed) return claimed;
    changed = *changed + *claimed;
  }
  return changed;
}

Result<int> put_person(Transaction& transaction, const User& user) {
  return run(transaction.db,
             "INSERT INTO users (key, name, email, password_hash, disabled, created_at) "
             "VALUES (?1, ?2, ?3, '', 0, ?4) ON CONFLICT (key) DO UPDATE SET name = excluded.name, "
             "email = excluded.email WHERE name <> excluded.name OR email <> excluded.email",
             user.key, user.name, user.email, user.created_at);
}

Result<void> note_if(const Result<int>& changed, Transaction& transaction, ChangeKind kind, std::string_view user) {
  if (!changed) return changed.error();
  return *changed > 0 ? transaction.note(kind, user) : Result<void>();
}

}  // namespace

Result<void> Users::add(const User& user) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto added = run(transaction.db,
                           "INSERT INTO users (key, name, email, password_hash, disabled, created_at) "
                           "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                           user.key, user.name, user.email, user.password_hash, user.disabled, user.created_at);
    if (!added) return added.error();
    return transaction.note(ChangeKind::user, user.key);
  });
}

Result<std::optional<User>> Users::find(std::string_view key) {
  static const std::string sql = std::string("SELECT ") + kUserColumns + " FROM users u WHERE u.key = ?1";
  return readers_.read(
      [&](Connection& db) { return first(db, [](Statement& row) { return read_user(row); }, sql, key); });
}

Result<std::vector<User>> Users::list() {
  static const std::string sql = std::string("SELECT ") + kUserColumns + " FROM users u ORDER BY u.key";
  return readers_.read([&](Connection& db) { return all(db, [](Statement& row) { return read_user(row); }, sql); });
}

Result<void> Users::set_password(std::string_view key, std::string_view hash) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    auto set =
        require_found(run(transaction.db, "UPDATE users SET password_hash = ?2 WHERE key = ?1", key, hash), "user");
    if (!set) return set;
    const auto ended = run(transaction.db, "DELETE FROM sessions WHERE user = ?1", key);
    if (!ended) return ended.error();
    const auto forgotten = run(transaction.db, "DELETE FROM known_networks WHERE user = ?1", key);
    if (!forgotten) return forgotten.error();
    return transaction.note(ChangeKind::user, key);
  });
}

Result<void> Users::set_disabled(std::string_view key, bool disabled) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    auto set =
        require_found(run(transaction.db, "UPDATE users SET disabled = ?2 WHERE key = ?1", key, disabled), "user");
    if (!set) return set;
    if (disabled) {
      const auto ended = run(transaction.db, "DELETE FROM sessions WHERE user = ?1", key);
      if (!ended) return ended.error();
      if (auto revoked = revoke_grants(transaction, transaction.now, "user disabled", "user = ?3", key); !revoked)
        return revoked;
    }
    return transaction.note(ChangeKind::user, key);
  });
}

Result<void> Users::sign_in_elsewhere(const User& user, const std::vector<Membership>& memberships) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    if (auto enabled = require_enabled(transaction, user.key); !enabled) return enabled;
    const auto person = put_person(transaction, user);
    if (auto noted = note_if(person, transaction, ChangeKind::user, user.key); !noted) return noted;
    return note_if(claim_all(transaction, user.key, memberships), transaction, ChangeKind::membership, user.key);
  });
}

Result<void> Users::add_session(const SignInSession& session) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    if (auto enabled = require_enabled(transaction, session.user); !enabled) return enabled;
    return require_done(run(transaction.db,
                            "INSERT INTO sessions (hash, user, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
                            Blob{session.hash}, session.user, session.created_at, session.expires_at));
  });
}

Result<std::optional<SignInSession>> Users::find_session(std::string_view hash, Time now) {
  return readers_.read([&](Connection& db) {
    return first(db, read_session,
                 "SELECT hash, user, created_at, expires_at FROM sessions WHERE hash = ?1 AND expires_at > ?2",
                 Blob{hash}, now);
  });
}

Result<void> Users::remove_session(std::string_view hash) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    return require_done(run(transaction.db, "DELETE FROM sessions WHERE hash = ?1", Blob{hash}));
  });
}

Result<int> Users::count_failure(const std::vector<std::string>& keys, Time now, Duration window) {
  const std::string list = to_json(keys);
  return writes_.write([&](Transaction& transaction) -> Result<int> {
    Connection& db = transaction.db;
    const auto added =
        run(db, "INSERT INTO failures (key, at, expires_at) SELECT DISTINCT value, ?2, ?3 FROM json_each(?1)", list,
            now, now + window);
    if (!added) return added.error();
    return count_failures(db, list, now - window);
  });
}

Result<int> Users::failures(const std::vector<std::string>& keys, Time now, Duration window) {
  const std::string list = to_json(keys);
  return readers_.read([&](Connection& db) { return count_failures(db, list, now - window); });
}

Result<void> Users::clear_failures(const std::vector<std::string>& keys) {
  const std::string list = to_json(keys);
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    return require_done(
        run(transaction.db, "DELETE FROM failures WHERE key IN (SELECT value FROM json_each(?1))", list));
  });
}

Result<void> Users::remember_network(std::string_view user, std::string_view hash, Time now) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto known = run(transaction.db,
                           "INSERT INTO known_networks (user, hash, expires_at) VALUES (?1, ?2, ?3) "
                           "ON CONFLICT (user, hash) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)",
                           user, Blob{hash}, now + kNetworkKnown);
    if (!known) return known.error();
    return require_done(run(transaction.db,
                            "DELETE FROM known_networks WHERE user = ?1 AND hash NOT IN (SELECT hash FROM "
                            "known_networks WHERE user = ?1 ORDER BY expires_at DESC, rowid DESC LIMIT ?2)",
                            user, kKnownNetworks));
  });
}

Result<bool> Users::knows_network(std::string_view user, std::string_view hash, Time now) {
  const auto found = readers_.read([&](Connection& db) {
    return first(db, read_integer, "SELECT 1 FROM known_networks WHERE user = ?1 AND hash = ?2 AND expires_at > ?3",
                 user, Blob{hash}, now);
  });
  if (!found) return found.error();
  return found->has_value();
}

}  // namespace postern::store::sqlite
