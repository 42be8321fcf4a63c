#include "store/sqlite/database/database.hpp"

#include "base/system_error.hpp"
#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/database/schema.hpp"
#include "store/sqlite/database/shrink.hpp"

namespace postern::store::sqlite {
namespace {

Result<std::int64_t> integer(Connection& db, std::string_view sql) {
  const auto value = first(db, read_integer, sql);
  if (!value) return value.error();
  return value->value_or(0);
}

Result<std::string> text(Connection& db, std::string_view sql) {
  const auto value = first(db, read_bytes, sql);
  if (!value) return value.error();
  return value->value_or(std::string());
}

Result<void> ours(const std::string& path, Connection& db) {
  // In this order: another process may make the store between two of these, in one transaction that sets all three.
  const auto objects = integer(db, "SELECT count(*) FROM sqlite_schema");
  const auto version = integer(db, "PRAGMA user_version");
  const auto application = integer(db, "PRAGMA application_id");
  if (db.failure()) return explain(path, db, *db.failure());
  const bool empty = *application == 0 && *version == 0 && *objects == 0;
  if (!empty && *application != kApplicationId) return fail(Errc::invalid, path + " is a database of another program");
  if (*version > schema_version()) {
    return fail(Errc::invalid, path + " has schema " + std::to_string(*version) + ", this program knows up to " +
                                   std::to_string(schema_version()) + "; use a newer postern");
  }
  return {};
}

Result<void> whole(const std::string& path, Connection& db) {
  const auto verdict = text(db, "PRAGMA quick_check(1)");
  if (!verdict) return explain(path, db, verdict.error());
  if (*verdict != "ok") return fail(Errc::invalid, path + " is damaged; restore it from a backup: " + *verdict);
  return {};
}

// Before WAL is set, which writes the first page.
Result<void> shrinkable(const std::string& path, Connection& db) {
  const auto pages = integer(db, "PRAGMA page_count");
  if (!pages) return explain(path, db, pages.error());
  if (*pages > 0) return {};
  if (auto set = keep_shrinkable(db); !set) return explain(path, db, set.error());
  return {};
}

// Neither setting is kept by SQLite when it cannot be had, and synchronous is not stored in the file: without the
// look back, a commit that was acknowledged could be lost with the power.
Result<void> durable(const std::string& path, Connection& db, const Options& options) {
  constexpr int pause_ms = 5;
  auto set = db.execute(options.durability);
  // The change to WAL does not ask the busy handler.
  for (std::int64_t waited = 0; !set && db.failure_code() == SQLITE_BUSY && waited < options.busy_timeout.count();
       waited += pause_ms) {
    db.forgive();
    sqlite3_sleep(pause_ms);
    set = db.execute(options.durability);
  }
  if (!set) return explain(path, db, set.error());
  if (auto rest = db.execute("PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA journal_size_limit=67108864");
      !rest) {
    return explain(path, db, rest.error());
  }

  const auto journal = text(db, "PRAGMA journal_mode");
  const auto synchronous = integer(db, "PRAGMA synchronous");
  const auto foreign_keys = integer(db, "PRAGMA foreign_keys");
  if (db.failure()) return explain(path, db, *db.failure());
  if (*journal != "wal") {
    return fail(Errc::invalid,
                path + " cannot be kept in WAL mode (it is in mode " + *journal + "); put it on a local disk");
  }
  if (*synchronous < 2) {
    return fail(Errc::invalid, path + " cannot be kept with synchronous=FULL; acknowledged data could be lost");
  }
  if (*foreign_keys != 1) return fail(Errc::invalid, path + " cannot be kept with foreign keys");
  return {};
}

}  // namespace

Error explain(const std::string& path, const Connection& db, const Error& error) {
  switch (db.failure_code()) {
    case SQLITE_NOTADB: return fail(Errc::invalid, path + " is not a database");
    case SQLITE_CORRUPT: return fail(Errc::invalid, path + " is damaged; restore it from a backup");
    case SQLITE_READONLY: return fail(Errc::invalid, path + " is read-only");
    case SQLITE_BUSY: return fail(Errc::unavailable, path + " is locked by another program");
    case SQLITE_CANTOPEN: return fail(Errc::invalid, path + " cannot be opened, or its directory not be written");
    case SQLITE_FULL: return fail(Errc::unavailable, "the disk that holds " + path + " is full; make room on it");
    case SQLITE_IOERR:
      return fail(Errc::unavailable, path + " cannot be read or written: " +
                                         (db.failure_errno() != 0 ? system_message(db.failure_errno()) : error.what));
    default: return fail(Errc::unavailable, path + " cannot be used: " + error.what);
  }
}

Result<Connection> open_writer(const std::string& path, const Options& options) {
  auto db = Connection::open(path, SQLITE_OPEN_READWRITE, options.vfs, options.busy_timeout);
  if (!db) return fail(Errc::unavailable, path + " cannot be opened: " + db.error().what);
  if (db->read_only()) return fail(Errc::invalid, path + " is read-only");
  if (auto done = ours(path, *db); !done) return done.error();
  if (auto done = whole(path, *db); !done) return done.error();
  if (auto done = shrinkable(path, *db); !done) return done.error();
  if (auto done = durable(path, *db, options); !done) return done.error();
  if (auto done = migrate(*db); !done) return explain(path, *db, done.error());
  return db;
}

Result<Connection> open_reader(const std::string& path, const Options& options) {
  auto db = Connection::open(path, SQLITE_OPEN_READONLY, options.vfs, options.busy_timeout);
  if (!db) return db.error();
  if (auto done = db->execute("PRAGMA query_only=ON; PRAGMA trusted_schema=OFF"); !done) return done.error();
  // Opens the log as well, so that from now on nothing is found by its name.
  if (auto read = db->execute("SELECT count(*) FROM sqlite_schema"); !read) return read.error();
  return db;
}

}  // namespace postern::store::sqlite
