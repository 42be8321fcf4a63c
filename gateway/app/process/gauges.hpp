#pragma once

#include <string>

#include "net/pools/offload.hpp"
#include "store/store.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "upstream/duplex/hub.hpp"

// Figures that Prometheus reads as they are at that moment. What they are read from must outlive `metrics`' use.
namespace postern::app {

void measure_log(telemetry::Metrics& metrics, const telemetry::Log& log);
void measure_store(telemetry::Metrics& metrics, const store::Store& store);
void measure_pool(telemetry::Metrics& metrics, const net::OffloadPool& pool);
// The processes of a stdio server.
void measure_processes(telemetry::Metrics& metrics, upstream::DuplexHub& hub, const std::string& upstream);

}  // namespace postern::app
