#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace postern::telemetry {

enum class Level : std::uint8_t { debug, info, warning, error };

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

// One JSON object a line: time, level, event, then the fields. Control bytes, line ends and invalid UTF-8 are escaped,
// values are cut at 1 KiB, and anything that looks like a credential (a value after "Bearer ", a token with one of our
// prefixes, a field named password, secret, code, token, authorization or cookie) is replaced by "[redacted]".
// Thread-safe; never blocks the caller on the disk for longer than a full queue takes: past 8,192 waiting lines the
// oldest of debug and info are dropped and counted, audit lines are not.
class Log {
 public:
  virtual ~Log() = default;
  virtual bool enabled(Level level) const noexcept = 0;
  virtual void write(Level level, std::string_view event, std::span<const Field> fields) = 0;
  // A decision or a change of grants: always written, to the audit file where one is configured.
  virtual void audit(std::string_view event, std::span<const Field> fields) = 0;
  virtual void flush() = 0;

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

// Throws std::runtime_error with a sentence when a file cannot be opened.
std::unique_ptr<Log> make_log(const LogOptions& options);
// Writes nothing: for tests and commands.
std::unique_ptr<Log> make_null_log();

// The line write() would put out, without the line end. Pure.
std::string format_line(std::int64_t unix_millis, std::string_view level, std::string_view event,
                        std::span<const Field> fields);

}  // namespace postern::telemetry
