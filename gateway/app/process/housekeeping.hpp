#pragma once

#include <chrono>

#include "app/process/process.hpp"

namespace postern::app {

// What a process does from time to time, whatever it serves. For the control thread; what tick() writes to the store
// runs on the pool for that. The process must outlive it.
class Housekeeping {
 public:
  explicit Housekeeping(Process& process) : process_(process) {}

  // To be called every few seconds.
  void tick();
  // Writes the usage and tells refusals one last time. Blocks on the store; to be called once the pools have stopped.
  void finish();

 private:
  using Time = std::chrono::steady_clock::time_point;

  void keep_claim();
  void tell_refusals();

  Process& process_;
  Time purged_{};
  Time usage_kept_{};
  Time refusals_told_{};
};

}  // namespace postern::app
