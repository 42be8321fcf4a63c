#include "telemetry/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace postern::telemetry {
namespace {

constexpr std::size_t kQueue = 8192;

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

spdlog::sink_ptr open_sink(const std::string& file) {
  if (file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  try {
    // Made here, so that what people call is not readable to everybody on the machine.
    if (const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640); made >= 0)
      ::close(made);
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
  } catch (const spdlog::spdlog_ex&) {
    throw std::runtime_error("cannot open the log file " + file + ": create its folder or make it writable");
  }
}

// Two queues, since the two kinds of line differ in what a full queue means: log lines give way, audit lines wait.
class AsyncLog final : public Log {
 public:
  explicit AsyncLog(const LogOptions& options)
      : level_(options.level),
        log_pool_(std::make_shared<spdlog::details::thread_pool>(kQueue, 1)),
        audit_pool_(std::make_shared<spdlog::details::thread_pool>(kQueue, 1)) {
    const auto log_sink = open_sink(options.file);
    const auto audit_sink = options.audit.empty() ? log_sink : open_sink(options.audit);
    log_ = make_logger(log_sink, log_pool_, spdlog::async_overflow_policy::overrun_oldest);
    audit_ = make_logger(audit_sink, audit_pool_, spdlog::async_overflow_policy::block);
  }

  // The threads end, having written what there is, while the loggers they hold are still held here as well.
  ~AsyncLog() override {
    flush();
    log_pool_.reset();
    audit_pool_.reset();
  }

  bool enabled(Level level) const noexcept override { return level >= level_; }

  void write(Level level, std::string_view event, std::span<const Field> fields) override {
    log_->info(format_line(now_millis(), name_of(level), event, fields));
  }

  void audit(std::string_view event, std::span<const Field> fields) override {
    audit_->info(format_line(now_millis(), "audit", event, fields));
  }

  void flush() override {
    log_->flush();
    audit_->flush();
  }

 private:
  using Pool = std::shared_ptr<spdlog::details::thread_pool>;

  static std::shared_ptr<spdlog::logger> make_logger(const spdlog::sink_ptr& sink, const Pool& pool,
                                                     spdlog::async_overflow_policy full) {
    auto logger = std::make_shared<spdlog::async_logger>("postern", sink, pool, full);
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::info);
    return logger;
  }

  Level level_;
  Pool log_pool_;
  Pool audit_pool_;
  std::shared_ptr<spdlog::logger> log_;
  std::shared_ptr<spdlog::logger> audit_;
};

class NullLog final : public Log {
 public:
  bool enabled(Level) const noexcept override { return false; }
  void write(Level, std::string_view, std::span<const Field>) override {}
  void audit(std::string_view, std::span<const Field>) override {}
  void flush() override {}
};

}  // namespace

std::unique_ptr<Log> make_log(const LogOptions& options) { return std::make_unique<AsyncLog>(options); }
std::unique_ptr<Log> make_null_log() { return std::make_unique<NullLog>(); }

}  // namespace postern::telemetry
