#include "store/sqlite/database/shrink.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "store/sqlite/connection/query.hpp"

namespace postern::store::sqlite {
namespace {

constexpr std::int64_t kIncremental = 2;  // what `PRAGMA auto_vacuum` says of such a file

constexpr std::int64_t kPagesPerStep = 200;
// What stays free for what is stored next: so many pages, or this part of the file.
constexpr std::int64_t kReserve = 256;
constexpr std::int64_t kReserveShare = 8;

constexpr std::int64_t kWorthRewriting = 1024;             // free pages
constexpr std::int64_t kMostRewritten = 64 * 1024 * 1024;  // bytes in use
constexpr std::uintmax_t kLargeLog = 8 * 1024 * 1024;      // bytes; about twice what SQLite lets it become by itself

struct Pages {
  std::int64_t all = 0;
  std::int64_t free = 0;
  std::int64_t bytes = 0;  // of one
  bool gives_back = false;
};

Result<std::int64_t> pragma(Connection& db, std::string_view sql) {
  const auto value = first(db, read_integer, sql);
  if (!value) return value.error();
  return value->value_or(0);
}

Result<Pages> read_pages(Connection& db) {
  const auto all_pages = pragma(db, "PRAGMA page_count");
  if (!all_pages) return all_pages.error();
  const auto free_pages = pragma(db, "PRAGMA freelist_count");
  if (!free_pages) return free_pages.error();
  const auto bytes = pragma(db, "PRAGMA page_size");
  if (!bytes) return bytes.error();
  const auto mode = pragma(db, "PRAGMA auto_vacuum");
  if (!mode) return mode.error();
  return Pages{.all = *all_pages, .free = *free_pages, .bytes = *bytes, .gives_back = *mode == kIncremental};
}

bool has_too_many_free(const Pages& pages) {
  return pages.free > std::max(kReserve, (pages.all - pages.free) / kReserveShare);
}

// True if any page was given back.
Result<bool> give_back(Writer& writer, Readers& readers) {
  static const std::string step = "PRAGMA incremental_vacuum(" + std::to_string(kPagesPerStep) + ")";
  for (bool any = false;; any = true) {
    const auto pages = readers.read([](Connection& db) { return read_pages(db); });
    if (!pages) return pages.error();
    if (!has_too_many_free(*pages)) return any;
    const auto done = writer.write([](Transaction& transaction) { return transaction.db.execute(step); });
    if (!done) return done.error();
  }
}

Error not_smaller(const std::string& path, const std::string& why) {
  return fail(Errc::unavailable, path + " could not be made smaller: " + why);
}

// VACUUM writes all that is in use once more: first to memory, then to the write-ahead log.
Result<void> rewrite(Writer& writer, const Pages& pages) {
  const auto in_use = static_cast<std::uintmax_t>((pages.all - pages.free) * pages.bytes);
  std::error_code unknown;
  const auto space = std::filesystem::space(std::filesystem::path(writer.path()).parent_path(), unknown);
  if (!unknown && space.available < 2 * in_use) {
    return not_smaller(writer.path(), "that takes " + std::to_string(2 * in_use) +
                                          " bytes of free disk, and there are " + std::to_string(space.available) +
                                          "; make room on the disk");
  }
  const auto done = writer.between_writes([](Connection& db) -> Result<void> {
    if (auto set = db.execute("PRAGMA temp_store=MEMORY; PRAGMA auto_vacuum=INCREMENTAL"); !set) return set;
    const auto written = db.execute("VACUUM");
    (void)db.execute("PRAGMA temp_store=DEFAULT");
    return written;
  });
  if (!done) return not_smaller(writer.path(), done.error().what);
  return {};
}

// True if it was written anew.
Result<bool> convert(Writer& writer, const Pages& pages) {
  const bool worth = pages.free >= kWorthRewriting && pages.free >= pages.all - pages.free;
  if (!worth || (pages.all - pages.free) * pages.bytes > kMostRewritten) return false;
  if (auto done = rewrite(writer, pages); !done) return done.error();
  return true;
}

bool is_large(const std::string& log) {
  std::error_code absent;
  const auto size = std::filesystem::file_size(log, absent);
  return !absent && size > kLargeLog;
}

}  // namespace

Result<void> keep_shrinkable(Connection& db) { return db.execute("PRAGMA auto_vacuum=INCREMENTAL"); }

Result<void> shrink(Writer& writer, Readers& readers) {
  const auto pages = readers.read([](Connection& db) { return read_pages(db); });
  if (!pages) return pages.error();
  const auto smaller = pages->gives_back ? give_back(writer, readers) : convert(writer, *pages);
  if (!smaller) return smaller.error();
  if (!*smaller && !is_large(writer.path() + "-wal")) return {};
  // The file itself becomes shorter when the log is copied into it.
  return writer.between_writes([](Connection& db) { return db.execute("PRAGMA wal_checkpoint(TRUNCATE)"); });
}

}  // namespace postern::store::sqlite
