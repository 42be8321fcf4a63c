#include "store/sqlite/sqlite_store.hpp"

#include <utility>

#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/database/database.hpp"
#include "store/sqlite/database/purge.hpp"
#include "store/sqlite/database/schema.hpp"
#include "store/sqlite/database/shrink.hpp"
#include "store/sqlite/files/files.hpp"
#include "store/sqlite/files/fingerprint.hpp"
#include "store/sqlite/tables/rows.hpp"
#include "store/sqlite/tables/steps.hpp"

namespace postern::store::sqlite {
namespace {

class ReadingFacets final : public Facets {
 public:
  ReadingFacets(ReadingPass& pass, Readers& readers) : writes_(pass), facets_(writes_, readers) {}

  UserStore& users() override { return facets_.users; }
  TenantStore& tenants() override { return facets_.tenants; }
  ClientStore& clients() override { return facets_.clients; }
  GrantStore& grants() override { return facets_.grants; }
  KeyStore& keys() override { return facets_.keys; }
  UsageStore& usage() override { return facets_.usage; }

 private:
  RefusedWrites writes_;
  FacetSet facets_;
};

}  // namespace

std::unique_ptr<Facets> SqliteStore::reading(ReadingPass& pass) {
  return std::make_unique<ReadingFacets>(pass, readers_);
}

Result<std::vector<Change>> SqliteStore::changes_since(std::int64_t sequence) {
  // The newest first: what is written between the two reads is then found by the second.
  const auto newest = newest_change();
  if (!newest) return newest.error();
  if (*newest == sequence) return std::vector<Change>();
  auto changes = readers_.read([&](Connection& db) {
    return all(db, read_change,
               "SELECT sequence, kind, subject FROM changes WHERE sequence > ?1 ORDER BY sequence LIMIT 10000",
               sequence);
  });
  // AUTOINCREMENT leaves no gaps, as a write taken back takes its number back too: what is missing was purged. A number
  // that was never given out is of a time before a backup was restored.
  if (changes && (changes->empty() || changes->front().sequence != sequence + 1)) {
    return fail(Errc::expired, "changes were purged before they were seen");
  }
  return changes;
}

Result<std::int64_t> SqliteStore::newest_change() {
  // Where AUTOINCREMENT keeps its count: right also when all changes were purged.
  const auto newest = readers_.read(
      [](Connection& db) { return first(db, read_integer, "SELECT seq FROM sqlite_sequence WHERE name = 'changes'"); });
  if (!newest) return newest.error();
  return newest->value_or(0);
}

void SqliteStore::on_change(std::function<void(const std::vector<Change>&)> listener) {
  writer_.on_change(std::move(listener));
}

Result<void> SqliteStore::purge(Time now) {
  if (auto done = sqlite::purge(writer_, readers_, now); !done) return done;
  return shrink(writer_, readers_);
}

void SqliteStore::on_fault(std::function<void(const std::string&)> listener) { writer_.on_fault(std::move(listener)); }

Result<void> SqliteStore::keep_time(const KeptTime& time) {
  return writer_.write([&time](Transaction& transaction) {
    return require_done(run(transaction.db,
                            "INSERT INTO clock (id, deleted_until, relied_on) VALUES (1, ?1, ?2) ON CONFLICT (id) "
                            "DO UPDATE SET deleted_until = ?1, relied_on = ?2",
                            time.deleted_until, time.relied_on));
  });
}

Result<std::optional<KeptTime>> SqliteStore::kept_time() {
  const auto read = [](Statement& row) {
    return KeptTime{from_millis(row.integer(0)),
                    row.null(1) ? std::nullopt : std::optional(from_millis(row.integer(1)))};
  };
  return readers_.read(
      [&](Connection& db) { return first(db, read, "SELECT deleted_until, relied_on FROM clock WHERE id = 1"); });
}

Result<void> SqliteStore::ping() {
  const auto read =
      readers_.read([](Connection& db) { return first(db, read_integer, "SELECT count(*) FROM tenants"); });
  if (!read) return read.error();
  if (auto known = fault(); !known.empty()) return fail(Errc::unavailable, std::move(known));
  return {};
}

Result<OpenedStore> open(const std::string& path, const Options& options) {
  // Its key is made before anything is written to a database, so that one with content has had a key.
  const bool had_key = has_content(path);
  if (auto ready = prepare_file(path); !ready) return ready.error();
  if (!had_key) {
    if (auto made = master_key(path); !made) return made.error();
  }
  auto connection = open_writer(path, options);
  if (!connection) return connection.error();
  auto key = kept_key(path);
  if (!key) return key.error();
  if (auto same = require_key(*connection, path, *key); !same) return same.error();
  auto files = std::make_shared<StoreFiles>(path, Secret(*key));
  return OpenedStore{.store = std::make_unique<SqliteStore>(std::move(files), options, std::move(*connection)),
                     .master_key = std::move(*key),
                     .made = !had_key};
}

}  // namespace postern::store::sqlite
