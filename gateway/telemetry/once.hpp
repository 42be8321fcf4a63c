#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace postern::telemetry {

// For warnings about something that stays as it is until somebody changes it, and that every request would repeat:
// remembers for the life of the process what was said. Holds a bounded number of keys; once it is full, whatever it
// does not hold counts as said. Thread-safe.
class SaidOnce {
 public:
  explicit SaidOnce(std::size_t most = 1024) : most_(most) {}

  // True the first time it is asked about this key.
  bool first(std::string_view key) {
    const std::lock_guard lock(mutex_);
    if (said_.size() >= most_ || said_.find(key) != said_.end()) return false;
    said_.emplace(key);
    return true;
  }

 private:
  const std::size_t most_;
  std::mutex mutex_;
  std::set<std::string, std::less<>> said_;
};

}  // namespace postern::telemetry
