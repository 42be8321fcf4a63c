#include "store/sqlite/connection/connection.hpp"

#include <utility>

namespace postern::store::sqlite {
namespace {

// SQLite's own handler sleeps up to 100 ms between tries and so hardly ever finds the gap between two commits of a busy
// process; this one tries often.
int wait_for_lock(void* timeout, int tries) {
  constexpr int pause_ms = 2;
  if (std::int64_t{tries} * pause_ms >= static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(timeout))) return 0;
  sqlite3_sleep(pause_ms);
  return 1;
}

bool is_conflict(int code) {
  return code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_ROWID;
}

}  // namespace

Result<Connection> Connection::open(const std::string& path, int flags, const std::string& vfs,
                                    std::chrono::milliseconds busy_timeout) {
  const std::string name = path.starts_with('/') ? path : "./" + path;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  Connection connection{std::unique_ptr<sqlite3, Close>(raw)};
  if (raw == nullptr) return fail(Errc::unavailable, "out of memory");
  if (code != SQLITE_OK) return connection.report(code);
  connection.wait_for_locks(busy_timeout);
  return connection;
}

void Connection::wait_for_locks(std::chrono::milliseconds longest) noexcept {
  sqlite3_busy_handler(handle_.get(), &wait_for_lock,
                       reinterpret_cast<void*>(static_cast<std::intptr_t>(longest.count())));
}

Result<void> Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return report(code);
  return {};
}

Result<sqlite3_stmt*> Connection::prepare(std::string_view sql) {
  if (const auto found = prepared_.find(sql); found != prepared_.end()) return found->second.get();
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return report(code);
  prepared_.emplace(sql, std::unique_ptr<sqlite3_stmt, Finalize>(raw));
  return raw;
}

Error Connection::report(int code) {
  const std::string message = sqlite3_errmsg(handle_.get());
  if (is_conflict(code)) return fail(Errc::conflict, message);
  if ((code & 0xff) == SQLITE_CONSTRAINT) return fail(Errc::invalid, message);
  Error error = fail(Errc::unavailable, "store: " + message + " (" + std::to_string(code) + ")");
  const int kind = code & 0xff;
  if (!failure_) {
    failure_ = error;
    failure_code_ = kind;
    failure_errno_ = sqlite3_system_errno(handle_.get());
  }
  if (kind != SQLITE_BUSY && kind != SQLITE_FULL) dead_ = true;
  return error;
}

Statement::Statement(Connection& db, std::string_view sql, int) : db_(db) {
  auto prepared = db.prepare(sql);
  if (prepared) {
    statement_ = *prepared;
  } else {
    error_ = prepared.error();
  }
}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Statement::next() {
  if (error_) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) error_ = db_.report(code);
  return false;
}

void Statement::damaged(std::string_view what) {
  if (!error_) error_ = fail(Errc::unavailable, "store: damaged value: " + std::string(what));
}

std::string Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void Statement::bind(int at, std::string_view text) {
  if (error_) return;
  bound(sqlite3_bind_text64(statement_, at, text.data() != nullptr ? text.data() : "", text.size(), SQLITE_STATIC,
                            SQLITE_UTF8));
}

void Statement::bind(int at, Blob blob) {
  if (error_) return;
  bound(sqlite3_bind_blob64(statement_, at, blob.bytes.data() != nullptr ? blob.bytes.data() : "", blob.bytes.size(),
                            SQLITE_STATIC));
}

void Statement::bind(int at, std::int64_t value) {
  if (error_) return;
  bound(sqlite3_bind_int64(statement_, at, value));
}

void Statement::bind(int at, const std::optional<Time>& time) {
  if (error_) return;
  if (time) {
    bind(at, *time);
  } else {
    bound(sqlite3_bind_null(statement_, at));
  }
}

void Statement::bind(int at, const std::optional<std::string>& text) {
  if (error_) return;
  if (text) {
    bind(at, *text);
  } else {
    bound(sqlite3_bind_null(statement_, at));
  }
}

void Statement::bound(int code) {
  if (code != SQLITE_OK) error_ = db_.report(code);
}

}  // namespace postern::store::sqlite
