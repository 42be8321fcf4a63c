#include "app/process/gauges.hpp"

namespace postern::app {

void measure_log(telemetry::Metrics& metrics, const telemetry::Log& log) {
  const auto gauge = [&](const char* name, const char* help, double (*read)(const telemetry::LogState&)) {
    metrics.gauge(name, help, "", "", [&log, read] { return read(log.state()); });
  };
  gauge("postern_audit_lines_waiting", "Audit lines that have not been written yet.",
        [](const telemetry::LogState& state) { return static_cast<double>(state.audit_waiting); });
  gauge("postern_audit_unavailable", "1 while audit lines cannot be written, so that calls are refused with 503.",
        [](const telemetry::LogState& state) { return state.audit_fault.empty() ? 0.0 : 1.0; });
  gauge("postern_log_lines_dropped", "Log lines that were given up since the start, because too many waited.",
        [](const telemetry::LogState& state) { return static_cast<double>(state.dropped); });
}

void measure_store(telemetry::Metrics& metrics, const store::Store& store) {
  metrics.gauge("postern_store_unavailable",
                "1 while nothing can be written to the store, so that what would write is refused with 503.", "", "",
                [&store] { return store.fault().empty() ? 0.0 : 1.0; });
}

void measure_pool(telemetry::Metrics& metrics, const net::OffloadPool& pool) {
  metrics.gauge("postern_pool_queue", "Work waiting for a thread of the pool.", "pool", pool.name(),
                [&pool] { return static_cast<double>(pool.queued()); });
}

void measure_processes(telemetry::Metrics& metrics, upstream::DuplexHub& hub, const std::string& upstream) {
  metrics.gauge("postern_upstream_processes", "Processes of a stdio server that run, those that are ending included.",
                "upstream", upstream, [&hub, upstream] { return static_cast<double>(hub.running(upstream)); });
}

}  // namespace postern::app
