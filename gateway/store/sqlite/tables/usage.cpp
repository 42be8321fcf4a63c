#include "store/sqlite/tables/usage.hpp"

#include <utility>

#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/tables/rows.hpp"
#include "store/sqlite/tables/steps.hpp"

namespace postern::store::sqlite {
namespace {

Result<void> add_one(Connection& db, const GrantUse& use) {
  const auto known = first(db, read_bytes,
                           "UPDATE grants SET last_used_at = max(coalesce(last_used_at, 0), ?2) WHERE id = ?1 "
                           "RETURNING client",
                           use.grant, use.last_used_at);
  if (!known) return known.error();
  if (!*known) return {};
  const auto used =
      run(db, "UPDATE clients SET last_used_at = max(last_used_at, ?2) WHERE id = ?1", **known, use.last_used_at);
  if (!used || use.calls == 0) return require_done(used);
  return require_done(run(db,
                          "INSERT INTO usage (grant_id, day, calls) VALUES (?1, ?2, ?3) "
                          "ON CONFLICT (grant_id, day) DO UPDATE SET calls = calls + excluded.calls",
                          use.grant, use.day, use.calls));
}

}  // namespace

Result<void> Usage::add(const std::vector<GrantUse>& uses) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    for (const GrantUse& use : uses) {
      if (auto added = add_one(transaction.db, use); !added) return added;
    }
    return {};
  });
}

Result<std::map<std::string, std::int64_t>> Usage::calls_of(std::string_view user, Time since) {
  const auto read = [](Statement& row) { return std::pair(row.bytes(0), row.integer(1)); };
  const auto rows = readers_.read([&](Connection& db) {
    return all(db, read,
               "SELECT u.grant_id, sum(u.calls) FROM grants g JOIN usage u ON u.grant_id = g.id "
               "WHERE g.user = ?1 AND u.day >= ?2 GROUP BY u.grant_id",
               user, since);
  });
  if (!rows) return rows.error();
  return std::map<std::string, std::int64_t>(rows->begin(), rows->end());
}

Result<void> Usage::put_check(const ToolCheck& check) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    return require_found(run(transaction.db,
                             "INSERT INTO tool_checks (grant_id, at, outcome, tools) "
                             "SELECT id, ?2, ?3, ?4 FROM grants WHERE id = ?1 ON CONFLICT (grant_id) DO UPDATE "
                             "SET at = excluded.at, outcome = excluded.outcome, tools = excluded.tools",
                             check.grant, check.at, static_cast<int>(check.outcome), check.tools),
                         "grant");
  });
}

Result<std::map<std::string, ToolCheck>> Usage::checks_of(std::string_view user) {
  auto rows = readers_.read([&](Connection& db) {
    return all(db, read_tool_check,
               "SELECT c.grant_id, c.at, c.outcome, c.tools FROM grants g JOIN tool_checks c ON c.grant_id = g.id "
               "WHERE g.user = ?1",
               user);
  });
  if (!rows) return rows.error();
  std::map<std::string, ToolCheck> checks;
  for (ToolCheck& check : *rows) {
    std::string grant = check.grant;
    checks.emplace(std::move(grant), std::move(check));
  }
  return checks;
}

}  // namespace postern::store::sqlite
