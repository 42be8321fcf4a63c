#pragma once

#include <atomic>
#include <cstdint>

#include "base/watched_clock.hpp"
#include "store/store.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace postern::app {

// What is done because time passes: jumps of the clock are told, and what has expired is deleted from the store, by a
// time that can be relied on. Everything it is made with must outlive it. watch() is for one thread, and purge() for
// another, which it blocks.
class TimeKeeper {
 public:
  TimeKeeper(WatchedClock& clock, store::Store& store, telemetry::Log& log, telemetry::Metrics& metrics);
  TimeKeeper(const TimeKeeper&) = delete;
  TimeKeeper& operator=(const TimeKeeper&) = delete;

  // To be called every few seconds: logs a jump and counts it.
  void watch();
  // Deletes what has expired. What goes wrong is logged.
  void purge();

 private:
  WatchedClock& clock_;
  store::Store& store_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  std::atomic<std::int64_t> deleted_until_ = 0;  // seconds since 1970
};

}  // namespace postern::app
