#include "store/sqlite/tables/keys.hpp"

#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/tables/rows.hpp"
#include "store/sqlite/tables/steps.hpp"

namespace postern::store::sqlite {
namespace {

Result<void> insert(Transaction& transaction, const SigningKey& key) {
  const auto added =
      run(transaction.db,
          "INSERT INTO signing_keys (id, issuer, algorithm, sealed, created_at, active_at, token_life, tokens_until) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
          key.id, key.issuer, key.algorithm, Blob{key.sealed}, key.created_at, key.active_at, key.token_life.count(),
          key.tokens_until);
  if (auto done = require_done(added); !done) return done;
  return transaction.note(ChangeKind::signing_keys, key.issuer);
}

}  // namespace

Result<std::vector<SigningKey>> Keys::list(std::string_view issuer) {
  static const std::string sql = std::string("SELECT ") + kSigningKeyColumns +
                                 " FROM signing_keys WHERE issuer = ?1 ORDER BY active_at, created_at, rowid";
  return readers_.read([&](Connection& db) { return all(db, read_signing_key, sql, issuer); });
}

Result<void> Keys::add_first(const SigningKey& key) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto there = first(transaction.db, read_integer, "SELECT 1 FROM signing_keys WHERE issuer = ?1", key.issuer);
    if (!there) return there.error();
    if (*there) return fail(Errc::conflict, "the authorization server has a signing key");
    return insert(transaction, key);
  });
}

Result<void> Keys::add_next(const SigningKey& key, Time now) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto pending = first(transaction.db, read_integer,
                               "SELECT 1 FROM signing_keys WHERE issuer = ?1 AND active_at > ?2", key.issuer, now);
    if (!pending) return pending.error();
    if (*pending) return fail(Errc::conflict, "a signing key is pending already");
    return insert(transaction, key);
  });
}

Result<void> Keys::replace(const SigningKey& key) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto removed = run(transaction.db, "DELETE FROM signing_keys WHERE issuer = ?1", key.issuer);
    if (auto done = require_done(removed); !done) return done;
    return insert(transaction, key);
  });
}

Result<void> Keys::raise_token_life(std::string_view issuer, Duration life) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto raised =
        run(transaction.db, "UPDATE signing_keys SET token_life = ?2 WHERE issuer = ?1 AND token_life < ?2", issuer,
            life.count());
    if (!raised) return raised.error();
    return *raised == 0 ? Result<void>() : transaction.note(ChangeKind::key_life, issuer);
  });
}

Result<void> Keys::raise_tokens_until(std::string_view id, Time until) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto issuer = first(transaction.db, read_bytes,
                              "UPDATE signing_keys SET tokens_until = max(tokens_until, ?2) WHERE id = ?1 "
                              "RETURNING issuer",
                              id, until);
    if (!issuer) return issuer.error();
    if (!*issuer) return fail(Errc::not_found, "no such signing key");
    return transaction.note(ChangeKind::key_life, **issuer);
  });
}

}  // namespace postern::store::sqlite
