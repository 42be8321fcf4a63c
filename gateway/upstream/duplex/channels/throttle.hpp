#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace postern::upstream {

// Keeps a server from filling the log: a bounded number of lines passes each second, and the others are counted so that
// their number can be logged. For one thread.
class Throttle {
 public:
  bool admits() {
    const auto now = std::chrono::steady_clock::now();
    if (now - since_ >= std::chrono::seconds(1)) {
      since_ = now;
      lines_ = 0;
    }
    if (++lines_ <= kLinesPerSecond) return true;
    ++dropped_;
    return false;
  }
  std::int64_t take_dropped() { return std::exchange(dropped_, 0); }

 private:
  static constexpr int kLinesPerSecond = 50;

  std::chrono::steady_clock::time_point since_{};
  int lines_ = 0;
  std::int64_t dropped_ = 0;
};

}  // namespace postern::upstream
