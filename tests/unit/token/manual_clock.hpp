#pragma once

#include <atomic>

#include "base/clock.hpp"

namespace postern::tests {

class ManualClock final : public Clock {
 public:
  Time now() const noexcept override { return from_millis(now_); }
  void advance(Duration by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_{1'800'000'000'000};
};

}  // namespace postern::tests
