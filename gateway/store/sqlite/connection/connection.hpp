#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace postern::store::sqlite {

// One connection and its prepared statements. Used by one thread at a time.
class Connection {
 public:
  // `flags` are SQLite's own; the path is taken as a path, never as a URI or a name with a meaning.
  static Result<Connection> open(const std::string& path, int flags, const std::string& vfs,
                                 std::chrono::milliseconds busy_timeout);

  // How long it waits for a lock that another connection holds, from now on.
  void wait_for_locks(std::chrono::milliseconds longest) noexcept;
  // One or more statements whose rows do not matter.
  Result<void> execute(const std::string& sql);
  // Rows changed by the latest INSERT, UPDATE or DELETE.
  int changes() const noexcept { return sqlite3_changes(handle_.get()); }
  std::int64_t last_row() const noexcept { return sqlite3_last_insert_rowid(handle_.get()); }
  bool in_transaction() const noexcept { return sqlite3_get_autocommit(handle_.get()) == 0; }
  bool read_only() const noexcept { return sqlite3_db_readonly(handle_.get(), "main") == 1; }

  // The first error that concerns the database and not one statement's data; it stays until it is taken. What was
  // done since in the same transaction must not be committed.
  const std::optional<Error>& failure() const noexcept { return failure_; }
  int failure_code() const noexcept { return failure_code_; }    // SQLite's, without the extension
  int failure_errno() const noexcept { return failure_errno_; }  // the system's at that time, or 0
  // True when the connection must not be used again: anything but a lock held elsewhere or a full disk.
  bool dead() const noexcept { return dead_; }
  void forgive() noexcept { failure_.reset(); }

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };

  explicit Connection(std::unique_ptr<sqlite3, Close> handle) : handle_(std::move(handle)) {}
  Result<sqlite3_stmt*> prepare(std::string_view sql);
  Error report(int code);

  std::unique_ptr<sqlite3, Close> handle_;
  std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>, Hash, std::equal_to<>> prepared_;
  std::optional<Error> failure_;
  int failure_code_ = SQLITE_OK;
  int failure_errno_ = 0;
  bool dead_ = false;
};

// Bytes that are no text: hashes and sealed values.
struct Blob {
  std::string_view bytes;
};

// A cached statement while it runs; reset when it goes. Errors stick: after one, next() is false and error() tells it.
// The values bound must live as long as the statement.
class Statement {
 public:
  template <class... Values>
  Statement(Connection& db, std::string_view sql, const Values&... values) : Statement(db, sql, 0) {
    int at = 0;
    (bind(++at, values), ...);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  bool next();
  const std::optional<Error>& error() const noexcept { return error_; }
  // For readers of columns that find what this program never wrote.
  void damaged(std::string_view what);

  bool null(int column) const noexcept { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }
  std::string bytes(int column) const;  // of text and blobs

 private:
  Statement(Connection& db, std::string_view sql, int);
  void bind(int at, std::string_view text);
  void bind(int at, const std::string& text) { bind(at, std::string_view(text)); }
  void bind(int at, Blob blob);
  void bind(int at, std::int64_t value);
  void bind(int at, int value) { bind(at, std::int64_t{value}); }
  void bind(int at, bool value) { bind(at, std::int64_t{value ? 1 : 0}); }
  void bind(int at, Time time) { bind(at, to_millis(time)); }
  void bind(int at, const std::optional<Time>& time);
  void bind(int at, const std::optional<std::string>& text);
  void bound(int code);

  Connection& db_;
  sqlite3_stmt* statement_ = nullptr;
  std::optional<Error> error_;
};

}  // namespace postern::store::sqlite
