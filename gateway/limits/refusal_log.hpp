#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "limits/network_limiter.hpp"
#include "telemetry/log.hpp"

namespace postern::limits {

// Which requests of strangers are logged one by one. Anybody can send any number of them, which would fill the disk and
// bury what matters, so each network and all of them together have a budget of lines; the other requests are counted.
// Each kind has budgets of its own, so that a flood of one hides none of another. Metrics count every request.
// Thread-safe.
class RefusalLog {
 public:
  using Time = RateLimiter::Time;
  using Line = telemetry::StrangerLine;

  // `peer`: the client's address.
  bool admits(Line line, std::string_view peer, Time now);
  // How many were not admitted since the last call.
  std::uint64_t take_left_out(Line line) noexcept { return budget_of(line).left_out.exchange(0); }

 private:
  struct Budget {
    NetworkLimiter networks{{4, 4}, 10'000};
    RateLimiter all{16};
    std::atomic<std::uint64_t> left_out{0};
  };

  Budget& budget_of(Line line) noexcept { return budgets_[static_cast<std::size_t>(line)]; }

  std::array<Budget, telemetry::kStrangerLines> budgets_;
};

}  // namespace postern::limits
