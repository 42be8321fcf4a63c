#include <utility>

#include "base/encoding.hpp"
#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/tables/grants.hpp"
#include "store/sqlite/tables/rows.hpp"
#include "store/sqlite/tables/steps.hpp"

namespace postern::store::sqlite {
namespace {

constexpr char kGrantLives[] =
    "EXISTS (SELECT 1 FROM grants g WHERE g.id = grant_id AND g.revoked_at IS NULL AND g.expires_at > ?2)";

Result<void> insert_refresh(Connection& db, const RefreshToken& token) {
  return require_done(run(db,
                          "INSERT INTO refresh_tokens (hash, grant_id, scopes, created_at, expires_at) "
                          "VALUES (?1, ?2, ?3, ?4, ?5)",
                          Blob{token.hash}, token.grant, to_json(token.scopes), token.created_at, token.expires_at));
}

// `grant` is the one the spent code or token hangs on.
Result<void> insert_tokens(Connection& db, const std::string& grant, const NewTokens& tokens) {
  if (tokens.access.grant != grant || (tokens.refresh && tokens.refresh->grant != grant)) {
    return fail(Errc::invalid, "the new tokens are of another grant");
  }
  if (auto added = insert_access(db, tokens.access); !added) return added;
  return tokens.refresh ? insert_refresh(db, *tokens.refresh) : Result<void>();
}

Error why_not_redeemed(Connection& db, std::string_view hash) {
  const auto used = first(db, read_integer, "SELECT used_at IS NOT NULL FROM codes WHERE hash = ?1", Blob{hash});
  if (!used) return used.error();
  if (!*used) return fail(Errc::not_found, "no such code");
  if (**used != 0) return fail(Errc::conflict, "the code was used before");
  return fail(Errc::expired, "the code or its grant has ended");
}

Error why_not_rotated(Connection& db, std::string_view hash, Time now) {
  static const std::string sql =
      std::string("SELECT rotated_at IS NOT NULL AND ") + kGrantLives + " FROM refresh_tokens WHERE hash = ?1";
  const auto rotated = first(db, read_integer, sql, Blob{hash}, now);
  if (!rotated) return rotated.error();
  if (!*rotated) return fail(Errc::not_found, "no such refresh token");
  if (**rotated != 0) return fail(Errc::conflict, "the refresh token was rotated before");
  return fail(Errc::expired, "the refresh token or its grant has ended");
}

}  // namespace

Result<void> insert_access(Connection& db, const AccessToken& token) {
  return require_done(run(db,
                          "INSERT INTO access_tokens (hash, grant_id, scopes, created_at, expires_at) "
                          "VALUES (?1, ?2, ?3, ?4, ?5)",
                          Blob{token.hash}, token.grant, to_json(token.scopes), token.created_at, token.expires_at));
}

Result<std::optional<CodeLookup>> Grants::find_code(std::string_view hash) {
  static const std::string sql = std::string("SELECT ") + kGrantColumns + ", " + kCodeColumns +
                                 " FROM codes o JOIN grants g ON g.id = o.grant_id WHERE o.hash = ?1";
  const auto read = [](Statement& row) {
    return CodeLookup{.code = read_code(row, kGrantWidth), .grant = read_grant(row)};
  };
  return readers_.read([&](Connection& db) { return first(db, read, sql, Blob{hash}); });
}

Result<int> Grants::count_code_failure(std::string_view hash) {
  return writes_.write([&](Transaction& transaction) -> Result<int> {
    const auto failures =
        first(transaction.db, read_integer,
              "UPDATE codes SET failures = failures + 1 WHERE hash = ?1 RETURNING failures", Blob{hash});
    if (!failures) return failures.error();
    if (!*failures) return fail(Errc::not_found, "no such code");
    return static_cast<int>(**failures);
  });
}

// RFC 6749 section 4.1.2: a code is used once. One statement tests and sets, so that of any number of callers, in any
// number of processes, one wins.
Result<void> Grants::redeem_code(std::string_view hash, const NewTokens& tokens, Time now) {
  static const std::string sql =
      std::string("UPDATE codes SET used_at = ?2 WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2 AND ") +
      kGrantLives + " RETURNING grant_id";
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto grant = first(transaction.db, read_bytes, sql, Blob{hash}, now);
    if (!grant) return grant.error();
    if (!*grant) return why_not_redeemed(transaction.db, hash);
    return insert_tokens(transaction.db, **grant, tokens);
  });
}

Result<std::optional<RefreshLookup>> Grants::find_refresh(std::string_view hash) {
  static const std::string sql = std::string("SELECT ") + kGrantColumns + ", " + kRefreshColumns +
                                 " FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id WHERE r.hash = ?1";
  const auto read = [](Statement& row) {
    return RefreshLookup{.token = read_refresh(row, kGrantWidth), .grant = read_grant(row)};
  };
  return readers_.read([&](Connection& db) { return first(db, read, sql, Blob{hash}); });
}

// RFC 9700 section 4.14.2: rotation. The family cannot fork, since only one caller may set the successor.
Result<void> Grants::rotate_refresh(std::string_view hash, const NewTokens& tokens, std::string_view successor_sealed,
                                    Time now) {
  static const std::string sql =
      std::string(
          "UPDATE refresh_tokens SET rotated_at = ?2, successor_hash = ?3, successor_sealed = ?4 "
          "WHERE hash = ?1 AND rotated_at IS NULL AND expires_at > ?2 AND ") +
      kGrantLives + " RETURNING grant_id";
  if (!tokens.refresh) return fail(Errc::invalid, "a rotation needs a successor");
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto grant =
        first(transaction.db, read_bytes, sql, Blob{hash}, now, Blob{tokens.refresh->hash}, Blob{successor_sealed});
    if (!grant) return grant.error();
    if (!*grant) return why_not_rotated(transaction.db, hash, now);
    return insert_tokens(transaction.db, **grant, tokens);
  });
}

Result<void> Grants::add_access(const AccessToken& token, Time now) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto lives =
        first(transaction.db, read_integer, "SELECT revoked_at IS NULL AND expires_at > ?2 FROM grants WHERE id = ?1",
              token.grant, now);
    if (!lives) return lives.error();
    if (!*lives) return fail(Errc::not_found, "no such grant");
    if (**lives == 0) return fail(Errc::expired, "the grant has ended");
    return insert_access(transaction.db, token);
  });
}

Result<std::optional<AccessLookup>> Grants::find_access(std::string_view hash) {
  // The user's columns are last: without a row they are all null, and reading null gives empty values.
  static const std::string sql = std::string("SELECT ") + kGrantColumns + ", " + kAccessColumns + ", " + kUserColumns +
                                 " FROM access_tokens a JOIN grants g ON g.id = a.grant_id "
                                 "LEFT JOIN users u ON u.key = g.user WHERE a.hash = ?1";
  const auto read = [](Statement& row) {
    AccessLookup found{.token = read_access(row, kGrantWidth),
                       .grant = read_grant(row),
                       .user = read_user(row, kGrantWidth + kAccessWidth)};
    found.user.key = found.grant.user;
    return found;
  };
  return readers_.read([&](Connection& db) { return first(db, read, sql, Blob{hash}); });
}

Result<void> Grants::revoke_access(std::string_view hash) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto removed = run(transaction.db, "DELETE FROM access_tokens WHERE hash = ?1", Blob{hash});
    if (auto found = require_found(removed, "access token"); !found) return found;
    return transaction.note(ChangeKind::access_revoked, hex_encode(hash));
  });
}

}  // namespace postern::store::sqlite
