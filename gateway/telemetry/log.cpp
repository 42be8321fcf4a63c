#include "telemetry/log.hpp"

#include <atomic>
#include <chrono>
#include <utility>

#include "telemetry/line_writer.hpp"

namespace postern::telemetry {
namespace {

constexpr std::chrono::seconds kFlush{5};

std::string_view name_of(Level level) noexcept {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "info";
}

std::int64_t now_millis() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

Keep keep_of(Level level) noexcept { return level >= Level::warning ? Keep::if_room : Keep::if_quiet; }

// Log lines and audit lines of one destination share a writer, so that they stay in order.
class LineLog final : public Log {
 public:
  LineLog(Level level, Sink log, std::optional<Sink> audit) : level_(level), log_(std::move(log)) {
    if (audit) own_audit_ = std::make_unique<LineWriter>(*std::move(audit));
  }

  bool enabled(Level level) const noexcept override { return level >= level_; }

  void write(Level level, std::string_view event, std::span<const Field> fields) override {
    log_.put(format_line(now_millis(), name_of(level), event, fields), keep_of(level));
  }

  void audit(std::string_view event, std::span<const Field> fields) override {
    audit_writer().put(format_line(now_millis(), "audit", event, fields), Keep::always);
  }

  bool takes_audit() const noexcept override { return audit_writer().works(); }

  LogState state() const override {
    return {audit_writer().fault().value_or(std::string()), audit_writer().waiting(), log_.dropped()};
  }

  void tell_dropped() override {
    const auto now = log_.dropped();
    const auto before = told_.exchange(now);
    if (now > before) warning("log_lines_dropped", {{"count", now - before}});
  }

  void reopen() override {
    log_.reopen();
    if (own_audit_) own_audit_->reopen();
  }

  void flush() override {
    log_.flush(kFlush);
    if (own_audit_) own_audit_->flush(kFlush);
  }

  std::size_t close() override {
    const auto lost = own_audit_ ? own_audit_->close() : 0;
    return lost + log_.close();
  }

 private:
  LineWriter& audit_writer() noexcept { return own_audit_ ? *own_audit_ : log_; }
  const LineWriter& audit_writer() const noexcept { return own_audit_ ? *own_audit_ : log_; }

  Level level_;
  LineWriter log_;
  std::unique_ptr<LineWriter> own_audit_;
  std::atomic<std::uint64_t> told_{0};
};

class NullLog final : public Log {
 public:
  bool enabled(Level) const noexcept override { return false; }
  void write(Level, std::string_view, std::span<const Field>) override {}
  void audit(std::string_view, std::span<const Field>) override {}
};

}  // namespace

Result<std::unique_ptr<Log>> make_log(const LogOptions& options) {
  auto log = Sink::open(options.file);
  if (!log) return log.error();
  std::optional<Sink> audit;
  if (!options.audit.empty() && options.audit != options.file) {
    auto opened = Sink::open(options.audit);
    if (!opened) return opened.error();
    audit = *std::move(opened);
  }
  return std::unique_ptr<Log>(std::make_unique<LineLog>(options.level, *std::move(log), std::move(audit)));
}

std::unique_ptr<Log> make_null_log() { return std::make_unique<NullLog>(); }

}  // namespace postern::telemetry
