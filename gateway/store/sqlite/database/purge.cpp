#include "store/sqlite/database/purge.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "store/sqlite/connection/query.hpp"

namespace postern::store::sqlite {
namespace {

using std::chrono::hours;

constexpr int kRowsPerStep = 200;

// What was used once is told as used for so long after its end, since a clock that goes back makes it look good again.
constexpr hours kForClocksThatGoBack{24};

// What goes: the rows of `table` for which `condition` holds, where ?1 is `keep` ago.
struct Rule {
  const char* table;
  const char* condition;
  Duration keep;
  bool is_client = false;
};

// A used code and a rotated refresh token are kept for a while after their end: seen again, they tell of a theft.
constexpr Rule kRules[] = {
    {"consents", "expires_at <= ?1", kForClocksThatGoBack},
    {"sessions", "expires_at <= ?1", hours(0)},
    {"used_once", "expires_at <= ?1", kForClocksThatGoBack},
    {"failures", "expires_at <= ?1", hours(0)},
    {"known_networks", "expires_at <= ?1", hours(0)},
    {"changes", "at <= ?1", hours(24)},
    {"codes", "expires_at <= ?1", hours(24)},
    {"usage", "day <= ?1", hours(31 * 24)},
    // A token that has just expired still says what its client was last challenged for.
    {"access_tokens", "expires_at <= ?1", kStepUpPending},
    {"refresh_tokens", "rotated_at IS NULL AND expires_at <= ?1", hours(0)},
    {"refresh_tokens", "rotated_at <= ?1", hours(7 * 24)},
    {"refresh_tokens",
     "rotated_at IS NOT NULL AND EXISTS (SELECT 1 FROM grants g WHERE g.id = grant_id AND g.expires_at <= ?1)",
     hours(0)},
    // One for each token of a client that acts by itself: there is nothing of a person's to look up later.
    {"grants", "kind = 2 AND expires_at <= ?1", hours(24)},
    {"grants", "(revoked_at <= ?1 OR expires_at <= ?1)", hours(30 * 24)},
    // One that another has followed for longer than a token of it lives; the day is for clocks that differ.
    {"signing_keys",
     "tokens_until <= ?1 AND EXISTS (SELECT 1 FROM signing_keys n WHERE n.issuer = signing_keys.issuer "
     "AND n.active_at > signing_keys.active_at AND n.active_at + signing_keys.token_life <= ?1)",
     hours(24)},
    {"clients",
     "dynamic = 1 AND last_used_at <= ?1 AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.client = clients.id)",
     hours(24), true},
};

Result<void> remove_row(Transaction& transaction, const Rule& rule, const std::string& sql, Time before,
                        std::int64_t row) {
  if (!rule.is_client) {
    const auto removed = run(transaction.db, sql, before, row);
    if (!removed) return removed.error();
    return {};
  }
  const auto id = first(transaction.db, read_bytes, sql, before, row);
  if (!id) return id.error();
  return *id ? transaction.note(ChangeKind::client, **id) : Result<void>();
}

Result<void> apply(const Rule& rule, Writer& writer, Readers& readers, Time now) {
  const Time before = now - rule.keep;
  const std::string select = std::string("SELECT rowid FROM ") + rule.table + " WHERE rowid > ?2 AND " +
                             rule.condition + " ORDER BY rowid LIMIT ?3";
  // Asked again: between the look and the deletion a row may have come to use, or its number to another row.
  const std::string remove = std::string("DELETE FROM ") + rule.table + " WHERE rowid = ?2 AND " + rule.condition +
                             (rule.is_client ? " RETURNING id" : "");
  std::int64_t last = 0;
  for (;;) {
    const auto rows =
        readers.read([&](Connection& db) { return all(db, read_integer, select, before, last, kRowsPerStep); });
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    last = rows->back();
    const auto removed = writer.write([&](Transaction& transaction) -> Result<void> {
      for (const std::int64_t row : *rows) {
        if (auto done = remove_row(transaction, rule, remove, before, row); !done) return done;
      }
      return {};
    });
    if (!removed) return removed;
  }
}

}  // namespace

Result<void> purge(Writer& writer, Readers& readers, Time now) {
  for (const Rule& rule : kRules) {
    if (auto done = apply(rule, writer, readers, now); !done) return done;
  }
  return {};
}

}  // namespace postern::store::sqlite
