#include "store/sqlite/lost_key.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/system_error.hpp"
#include "store/sqlite/database/database.hpp"
#include "store/sqlite/files/claim.hpp"
#include "store/sqlite/files/files.hpp"
#include "store/sqlite/files/fingerprint.hpp"

namespace postern::store::sqlite {
namespace {

// The private keys are sealed under what was derived from the lost key.
Result<std::int64_t> remove_signing_keys(Connection& db) {
  if (auto removed = db.execute("DELETE FROM signing_keys"); !removed) return removed.error();
  return db.changes();
}

// Whether the key file is missing, is not a key, or is that of another store. One that cannot be read is to be looked
// at.
Result<bool> is_lost(const std::string& database, Connection& db) {
  if (key_is_lost(database)) return true;
  const auto key = read_key(database);
  if (!key) return false;
  const auto same = is_key_of(db, *key);
  return same ? Result<bool>(!*same) : Result<bool>(same.error());
}

// A damaged key file may help to find out what happened to it.
Result<std::string> put_aside(const std::string& key) {
  auto kept = key + ".damaged";
  for (int number = 2; std::filesystem::exists(kept); ++number) kept = key + ".damaged-" + std::to_string(number);
  if (std::rename(key.c_str(), kept.c_str()) == 0) return kept;
  if (errno == ENOENT) return std::string();
  return fail(Errc::invalid, key + " cannot be moved away: " + system_message(errno));
}

}  // namespace

Result<LostWithKey> replace_lost_key(const std::string& database, const Options& options) {
  if (!has_content(database)) {
    return fail(Errc::not_found, "there is no store at " + database + "; its key is made together with it");
  }
  const auto claimed = claim(database);
  if (!claimed) return claimed.error();
  auto connection = open_writer(database, options);
  if (!connection) return connection.error();
  const auto lost = is_lost(database, *connection);
  if (!lost) return lost.error();
  if (!*lost) {
    return fail(Errc::conflict, key_path(database) + " is there, so nothing is lost and nothing was changed");
  }
  // Before the key is there: a process that is killed in between leaves a store that is refused as it was.
  const auto removed = remove_signing_keys(*connection);
  if (!removed) return removed.error();
  auto kept = put_aside(key_path(database));
  if (!kept) return kept.error();
  const auto made = master_key(database);
  if (!made) return made.error();
  if (auto noted = note_key(*connection, *made); !noted) return noted.error();
  return LostWithKey{.key_file = key_path(database), .kept = *std::move(kept), .signing_keys = *removed};
}

}  // namespace postern::store::sqlite
