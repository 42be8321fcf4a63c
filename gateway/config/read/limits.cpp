#include "config/forms.hpp"
#include "config/read/reading.hpp"
#include "config/text/ticked.hpp"

namespace postern::config {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMostConnections = 1'000'000;
constexpr std::size_t kFewestUnusedClients = 16;  // one network may keep a sixteenth of them
constexpr Duration kShortest = std::chrono::milliseconds(10);

void read_rate(MapReader& reader, std::string_view key, Rate& rate) {
  const auto text = reader.text(key);
  if (!text) return;
  if (const auto parsed = parse_rate(text->value)) {
    rate = *parsed;
  } else {
    reader.faults().add(text->at,
                        ticked(key) + " " + text->written +
                            " must be a rate such as 50/s, 30/m or 5/h, at will with a burst: 50/s burst 100");
  }
}

void read_rates(Reading& reading, const Value& value) {
  MapReader reader(value, "rate", reading.faults);
  auto& limits = reading.config.limits;
  read_rate(reader, "call", limits.call);
  read_rate(reader, "token", limits.token);
  read_rate(reader, "register", limits.register_);
  read_rate(reader, "sign_in", limits.sign_in);
  read_rate(reader, "authorize", limits.authorize);
  reading.finish(reader, "limits.rate");
}

}  // namespace

void read_limits(Reading& reading, MapReader& top) {
  const auto* value = top.map("limits");
  if (!value) return;
  MapReader reader(*value, "limits", reading.faults);
  auto& limits = reading.config.limits;
  reader.size("body", limits.body, kKiB, 256 * kKiB * kKiB);
  reader.size("body_memory", limits.body_memory, kKiB * kKiB, 64 * kKiB * kKiB * kKiB);
  if (limits.body_memory < limits.body) {
    reading.faults.add(reader.has("body_memory") ? reader.at("body_memory") : reader.at("body"),
                       "`body_memory` is smaller than `body`: no body of that size could be taken");
  }
  reader.size("head", limits.head, kKiB, kKiB * kKiB);
  reader.count("connections", limits.connections, 1, kMostConnections);
  reader.count("connections_per_address", limits.connections_per_address, 1, kMostConnections);
  reader.count("calls_per_user", limits.calls_per_user, 1, kMostConnections);
  reader.count("unused_clients", limits.unused_clients, kFewestUnusedClients, kMostConnections);
  reader.duration("header_deadline", limits.header_deadline, kShortest, std::chrono::minutes(10));
  reader.duration("body_deadline", limits.body_deadline, kShortest, std::chrono::minutes(10));
  reader.duration("handshake_deadline", limits.handshake_deadline, kShortest, std::chrono::minutes(10));
  reader.duration("write_deadline", limits.write_deadline, kShortest, std::chrono::minutes(10));
  reader.duration("idle", limits.idle, kShortest, std::chrono::hours(1));
  reader.duration("stream_keepalive", limits.stream_keepalive, kShortest, std::chrono::minutes(10));
  if (const auto* rates = reader.map("rate")) read_rates(reading, *rates);
  reading.finish(reader, "limits");
}

void read_log(Reading& reading, MapReader& top) {
  const auto* value = top.map("log");
  if (!value) return;
  MapReader reader(*value, "log", reading.faults);
  auto& log = reading.config.log;
  std::size_t level = 0;
  if (reader.choice("level", level, {"debug", "info", "warning", "error"})) log.level = static_cast<LogLevel>(level);
  if (log.level == LogLevel::debug) {
    reading.warn(reader.at("level"), "`log.level: debug` writes details of every request: do not leave it on");
  }
  const auto path = [&](std::string_view key, std::string& out, Position& at) {
    const auto text = reader.text(key);
    if (!text) return;
    out = resolve_path(text->at.file, text->value);
    at = text->at;
  };
  path("file", log.file, log.file_at);
  path("audit", log.audit, log.audit_at);
  reading.finish(reader, "log");
}

void read_store(Reading& reading, MapReader& top) {
  constexpr std::string_view kSqlite = "sqlite:";
  const auto text = top.text("store");
  const std::string value = text ? text->value : "sqlite:postern-data/postern.db";
  const auto& at = reading.config.store_at = text ? text->at : top.at();
  if (value.starts_with("postgresql:") || value.starts_with("postgres:")) {
    reading.faults.add(at, not_yet("store: postgresql://", "write sqlite: and a path"));
  } else if (!value.starts_with(kSqlite) || value.size() == kSqlite.size()) {
    // The value may hold a password, so it is not shown.
    reading.faults.add(at, "`store` must be sqlite: and a path, such as sqlite:data/postern.db");
  } else if (value[kSqlite.size()] == ':' || value.starts_with("sqlite://")) {
    reading.faults.add(at,
                       "`store` must name a file by its plain path: what decides security has to survive a restart");
  } else {
    reading.config.store = std::string(kSqlite) + resolve_path(at.file, value.substr(kSqlite.size()));
  }
}

}  // namespace postern::config
