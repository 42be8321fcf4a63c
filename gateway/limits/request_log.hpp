#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "limits/refusal_log.hpp"
#include "telemetry/log.hpp"

namespace postern::limits {

// The log as an endpoint or a page sees it while it serves one request. What it writes there anybody can cause at will,
// so it counts in the budgets of the network that asks: of each kind of line a request has either all or none. Audit
// lines pass, unless their writer asks admits() first. Belongs to one request, on one thread at a time; log and budgets
// outlive it.
class RequestLog final : public telemetry::Log {
 public:
  RequestLog(telemetry::Log& log, RefusalLog& budgets, std::string peer)
      : log_(log), budgets_(budgets), peer_(std::move(peer)) {}

  using telemetry::Log::audit;
  bool enabled(telemetry::Level level) const noexcept override { return log_.enabled(level); }
  void write(telemetry::Level level, std::string_view event, std::span<const telemetry::Field> fields) override;
  void audit(std::string_view event, std::span<const telemetry::Field> fields) override { log_.audit(event, fields); }
  bool takes_audit() const noexcept override { return log_.takes_audit(); }
  bool admits(telemetry::StrangerLine line) override;

 private:
  telemetry::Log& log_;
  RefusalLog& budgets_;
  const std::string peer_;
  std::array<std::optional<bool>, telemetry::kStrangerLines> admitted_{};  // once it was asked
};

}  // namespace postern::limits
