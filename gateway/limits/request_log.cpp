#include "limits/request_log.hpp"

namespace postern::limits {

using telemetry::StrangerLine;

void RequestLog::write(telemetry::Level level, std::string_view event, std::span<const telemetry::Field> fields) {
  if (admits(StrangerLine::refused)) log_.write(level, event, fields);
}

bool RequestLog::admits(StrangerLine line) {
  auto& admitted = admitted_[static_cast<std::size_t>(line)];
  if (!admitted) admitted = budgets_.admits(line, peer_, RefusalLog::Time::clock::now());
  return *admitted;
}

}  // namespace postern::limits
