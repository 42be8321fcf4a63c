#pragma once

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "store/sqlite/connection/connection.hpp"

// The three ways a statement is used. `read` makes a value of the current row: T read(Statement&).
namespace postern::store::sqlite {

// The number of rows changed. For INSERT, UPDATE and DELETE only.
template <class... Values>
Result<int> run(Connection& db, std::string_view sql, const Values&... values) {
  Statement statement(db, sql, values...);
  while (statement.next()) {
  }
  if (statement.error()) return *statement.error();
  return db.changes();
}

template <class Read, class... Values>
auto all(Connection& db, Read read, std::string_view sql, const Values&... values)
    -> Result<std::vector<std::invoke_result_t<Read, Statement&>>> {
  Statement statement(db, sql, values...);
  std::vector<std::invoke_result_t<Read, Statement&>> rows;
  while (statement.next()) rows.push_back(read(statement));
  if (statement.error()) return *statement.error();
  return rows;
}

template <class Read, class... Values>
auto first(Connection& db, Read read, std::string_view sql, const Values&... values)
    -> Result<std::optional<std::invoke_result_t<Read, Statement&>>> {
  Statement statement(db, sql, values...);
  std::optional<std::invoke_result_t<Read, Statement&>> row;
  if (statement.next()) row = read(statement);
  // To the end, or a change with RETURNING is not finished.
  while (statement.next()) {
  }
  if (statement.error()) return *statement.error();
  return row;
}

inline std::string read_bytes(Statement& row) { return row.bytes(0); }
inline std::int64_t read_integer(Statement& row) { return row.integer(0); }

}  // namespace postern::store::sqlite
