#include <algorithm>

#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/tables/grants.hpp"
#include "store/sqlite/tables/rows.hpp"
#include "store/sqlite/tables/steps.hpp"

namespace postern::store::sqlite {
namespace {

std::vector<std::string> read_wanted(Statement& row) { return read_list(row, 0); }

struct Pending {
  std::vector<std::string> wanted;
  std::vector<std::string> held;
  std::string grant;
};

Pending read_pending(Statement& row) { return {read_list(row, 0), read_list(row, 1), row.bytes(2)}; }

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

void add_missing(std::vector<std::string>& all, const std::vector<std::string>& more) {
  for (const auto& each : more) {
    if (!contains(all, each)) all.push_back(each);
  }
}

}  // namespace

Result<void> Grants::mark_step_up(std::string_view grant, const StepUp& step_up) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    auto pending =
        first(transaction.db, read_wanted,
              "SELECT step_up_wanted FROM grants WHERE id = ?1 AND step_up_pending_until > ?2", grant, step_up.at);
    if (!pending) return pending.error();
    auto wanted = std::move(*pending).value_or(std::vector<std::string>());
    add_missing(wanted, step_up.wanted);
    const auto marked = run(transaction.db,
                            "UPDATE grants SET step_up_until = ?2, step_up_wanted = ?3, step_up_pending_until = ?4 "
                            "WHERE id = ?1",
                            grant, step_up.refused_until, to_json(wanted), step_up.at + kStepUpPending);
    return require_found(marked, "grant");
  });
}

Result<bool> Grants::take_step_up(std::string_view grant, Time now) {
  // Few grants are ever marked: this reads first, so that a refresh does not wait for one more commit.
  const auto marked = readers_.read([&](Connection& db) {
    return first(db, read_integer, "SELECT 1 FROM grants WHERE id = ?1 AND step_up_until > ?2", grant, now);
  });
  if (!marked) return marked.error();
  if (!*marked) return false;
  return writes_.write([&](Transaction& transaction) -> Result<bool> {
    const auto taken =
        run(transaction.db, "UPDATE grants SET step_up_until = NULL WHERE id = ?1 AND step_up_until > ?2", grant, now);
    if (!taken) return taken.error();
    return *taken > 0;
  });
}

Result<std::vector<std::string>> Grants::wanted_by_token(std::string_view hash, std::string_view resource, Time now) {
  const auto wanted = readers_.read([&](Connection& db) {
    return first(db, read_wanted,
                 "SELECT g.step_up_wanted FROM access_tokens a JOIN grants g ON g.id = a.grant_id "
                 "WHERE a.hash = ?1 AND g.resource = ?2 AND g.step_up_pending_until > ?3 AND g.revoked_at IS NULL",
                 Blob{hash}, resource, now);
  });
  if (!wanted) return wanted.error();
  return wanted->value_or(std::vector<std::string>());
}

Result<PendingStepUp> Grants::wanted_between(const Parties& parties, Time now) {
  const auto rows = readers_.read([&](Connection& db) {
    return all(db, read_pending,
               "SELECT step_up_wanted, scopes, id FROM grants WHERE user = ?1 AND client = ?2 AND resource = ?3 "
               "AND step_up_pending_until > ?4 AND revoked_at IS NULL",
               parties.user, parties.client, parties.resource, now);
  });
  if (!rows) return rows.error();
  PendingStepUp pending;
  for (const auto& row : *rows) {
    add_missing(pending.wanted, row.wanted);
    for (const auto& scope : row.wanted) {
      if (!contains(row.held, scope)) add_missing(pending.missing, {scope});
    }
  }
  return pending;
}

// Whichever grant was challenged, the user has now decided about what it wanted. A challenge that wanted more than was
// decided stays pending.
Result<void> settle_step_ups(Connection& db, const Parties& parties, const std::vector<std::string>& scopes) {
  if (scopes.empty()) return {};
  const auto rows = all(db, read_pending,
                        "SELECT step_up_wanted, scopes, id FROM grants WHERE user = ?1 AND client = ?2 AND "
                        "resource = ?3 AND step_up_pending_until IS NOT NULL",
                        parties.user, parties.client, parties.resource);
  if (!rows) return rows.error();
  for (const auto& row : *rows) {
    if (!std::ranges::all_of(row.wanted, [&](const auto& scope) { return contains(scopes, scope); })) continue;
    const auto done =
        run(db, "UPDATE grants SET step_up_wanted = '[]', step_up_pending_until = NULL WHERE id = ?1", row.grant);
    if (!done) return done.error();
  }
  return {};
}

}  // namespace postern::store::sqlite
