#pragma once

#include <string_view>

#include "base/result.hpp"
#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/database/writes.hpp"

// Steps that several writes share, inside their transactions.
namespace postern::store::sqlite {

// Ends the living grants that `where` selects (a condition on the table's columns, its values from ?3 on) and notes
// each.
template <class... Values>
Result<void> revoke_grants(Transaction& transaction, Time at, std::string_view reason, std::string_view where,
                           const Values&... values) {
  const std::string sql = "UPDATE grants SET revoked_at = ?1, revoked_reason = ?2 WHERE revoked_at IS NULL AND " +
                          std::string(where) + " RETURNING id";
  const auto ids = all(transaction.db, read_bytes, sql, at, reason, values...);
  if (!ids) return ids.error();
  for (const std::string& id : *ids) {
    if (auto noted = transaction.note(ChangeKind::grant_revoked, id); !noted) return noted;
  }
  return {};
}

// denied when the store knows the user as disabled: a sign-in that was under way must not outlive the disabling.
inline Result<void> require_enabled(Transaction& transaction, std::string_view user) {
  const auto disabled = first(transaction.db, read_integer, "SELECT disabled FROM users WHERE key = ?1", user);
  if (!disabled) return disabled.error();
  if (disabled->value_or(0) != 0) return fail(Errc::denied, "the user is disabled");
  return {};
}

// For a change that must have met a row.
inline Result<void> require_found(const Result<int>& changed, const char* what) {
  if (!changed) return changed.error();
  if (*changed == 0) return fail(Errc::not_found, std::string("no such ") + what);
  return {};
}

// For a change that need not have.
inline Result<void> require_done(const Result<int>& changed) {
  if (!changed) return changed.error();
  return {};
}

}  // namespace postern::store::sqlite
