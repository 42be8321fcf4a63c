#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "server/rate_limiter.hpp"

namespace postern::server {

// Which refused requests of strangers are logged one by one. Anybody can send any number of them, which would fill the
// disk and bury what matters, so each network and all of them together have a budget of lines; the other requests are
// counted. Metrics count every one of them. Thread-safe.
class RefusalLog {
 public:
  using Time = RateLimiter::Time;

  // `peer`: the client's address.
  bool admits(std::string_view peer, Time now);
  // How many were not admitted since the last call.
  std::uint64_t take_left_out() noexcept { return left_out_.exchange(0); }

 private:
  RateLimiter networks_{config::Rate{10, 100}, 10'000};
  RateLimiter all_{config::Rate{100, 2000}, 16};
  std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace postern::server
