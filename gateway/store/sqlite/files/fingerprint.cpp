#include "store/sqlite/files/fingerprint.hpp"

#include "crypto/hash.hpp"
#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/files/files.hpp"

namespace postern::store::sqlite {
namespace {

// Derived as the keys for use are, under a purpose of its own: it tells nothing about them.
std::string fingerprint_of(const std::string& key) { return crypto::hkdf_sha256(key, "", "fingerprint"); }

Result<std::optional<std::string>> noted(Connection& db) {
  return first(db, read_bytes, "SELECT fingerprint FROM master_key WHERE id = 1");
}

}  // namespace

Result<bool> is_key_of(Connection& db, const std::string& key) {
  const auto fingerprint = noted(db);
  if (!fingerprint) return fingerprint.error();
  return !*fingerprint || **fingerprint == fingerprint_of(key);
}

Result<void> require_key(Connection& db, const std::string& database, const std::string& key) {
  const auto same = is_key_of(db, key);
  if (!same) return same.error();
  if (!*same) {
    return fail(Errc::invalid,
                key_path(database) + " is the key of another store than " + database + restore_key(database));
  }
  const auto kept = run(db, "INSERT INTO master_key (id, fingerprint) VALUES (1, ?1) ON CONFLICT (id) DO NOTHING",
                        Blob{fingerprint_of(key)});
  return kept ? Result<void>() : Result<void>(kept.error());
}

Result<void> note_key(Connection& db, const std::string& key) {
  const auto kept = run(db,
                        "INSERT INTO master_key (id, fingerprint) VALUES (1, ?1) "
                        "ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint",
                        Blob{fingerprint_of(key)});
  return kept ? Result<void>() : Result<void>(kept.error());
}

}  // namespace postern::store::sqlite
