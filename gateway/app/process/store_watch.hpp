#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "telemetry/log.hpp"

namespace postern::app {

// Tells the operator when the store can no longer be written, why, and when it can be written again. Thread-safe.
class StoreWatch {
 public:
  // `log` must outlive this.
  explicit StoreWatch(telemetry::Log& log) : log_(log) {}
  StoreWatch(const StoreWatch&) = delete;
  StoreWatch& operator=(const StoreWatch&) = delete;

  // Store::fault() as it is now. Called on every change, and also from time to time: while a disk hangs, the store
  // cannot report. The same sentence is told once.
  void tell(const std::string& fault);

 private:
  telemetry::Log& log_;
  std::mutex mutex_;
  std::string told_;  // empty: the store can be written
  std::chrono::steady_clock::time_point since_;
};

}  // namespace postern::app
