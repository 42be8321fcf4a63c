#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"

namespace postern::telemetry {

enum class Level : std::uint8_t { debug, info, warning, error };

// What anybody can cause to be written, at will and without a token: each kind has a budget of its own.
enum class StrangerLine : std::uint8_t {
  refused,       // a request that was refused, and what there is to say about it
  answered,      // one that was not
  sign_in,       // a sign-in that failed
  registration,  // a client that registered
};
inline constexpr std::size_t kStrangerLines = 4;

struct Field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
};

// How the lines fare that have been handed over.
struct LogState {
  std::string audit_fault;        // why audit lines cannot be written, as a sentence; empty: they can
  std::size_t audit_waiting = 0;  // audit lines that have not been written yet
  std::uint64_t dropped = 0;      // log lines that were given up, since the start
};

// One JSON object for each line: time, level, event, then the fields. Control bytes, line ends and invalid UTF-8 are
// escaped, values are cut at 1 KiB, and anything that looks like a credential (a value after "Bearer ", a token with
// one of our prefixes, a field named password, secret, code, token, authorization or cookie) is replaced by
// "[redacted]". Thread-safe. Nothing here waits for a disk or a reader, except flush() and close(). Past 8,192 waiting
// lines the oldest are dropped and counted, those of debug and info first. Audit lines are never dropped: while they
// cannot be written, takes_audit() is false.
class Log {
 public:
  virtual ~Log() = default;
  virtual bool enabled(Level level) const noexcept = 0;
  virtual void write(Level level, std::string_view event, std::span<const Field> fields) = 0;
  // A decision or a change of grants: always written, to the audit file where one is configured.
  virtual void audit(std::string_view event, std::span<const Field> fields) = 0;
  // False while audit lines cannot be written, or 8,192 of them wait: nothing that is audited should begin then. What
  // is under way may still write its lines.
  virtual bool takes_audit() const noexcept { return true; }
  // Whether a line may be written that a stranger caused. Those that may not are counted. Only the log of a request has
  // budgets for them.
  virtual bool admits(StrangerLine) { return true; }
  virtual LogState state() const { return {}; }
  // Writes a warning if lines were dropped since the last time.
  virtual void tell_dropped() {}
  // Goes on in new files of the same names, where they have been renamed or removed.
  virtual void reopen() {}
  // Waits until all lines are written, for some seconds at most.
  virtual void flush() {}
  // Writes what waits, and ends. Waits for a second after the last progress. Returns how many audit lines were lost.
  virtual std::size_t close() { return 0; }

  void debug(std::string_view event, std::initializer_list<Field> fields = {}) { put(Level::debug, event, fields); }
  void info(std::string_view event, std::initializer_list<Field> fields = {}) { put(Level::info, event, fields); }
  void warning(std::string_view event, std::initializer_list<Field> fields = {}) { put(Level::warning, event, fields); }
  void error(std::string_view event, std::initializer_list<Field> fields = {}) { put(Level::error, event, fields); }
  void audit(std::string_view event, std::initializer_list<Field> fields) {
    audit(event, std::span<const Field>(fields.begin(), fields.size()));
  }

 private:
  void put(Level level, std::string_view event, std::initializer_list<Field> fields) {
    if (enabled(level)) write(level, event, std::span<const Field>(fields.begin(), fields.size()));
  }
};

struct LogOptions {
  Level level = Level::info;
  std::string file;   // empty: standard error
  std::string audit;  // empty: the same place
};

// The error is a sentence: a file cannot be opened.
Result<std::unique_ptr<Log>> make_log(const LogOptions& options);
// Writes nothing: for tests and commands.
std::unique_ptr<Log> make_null_log();

// The line write() would put out, without the line end. Pure.
std::string format_line(std::int64_t unix_millis, std::string_view level, std::string_view event,
                        std::span<const Field> fields);

}  // namespace postern::telemetry
