#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "config/config.hpp"
#include "limits/rate_limiter.hpp"

namespace postern::limits {

// How many times the rate of a narrow network the wider ones get that it is in.
struct WiderBudgets {
  double site = 8;   // IPv6 /48, IPv4 /24
  double wide = 32;  // IPv6 /32
};

// Budgets of strangers by the networks that their address is in (base/network.hpp), since a stranger who has one IPv6
// /64 often has 65,536 of them. Thread-safe.
class NetworkLimiter {
 public:
  using Time = RateLimiter::Time;

  explicit NetworkLimiter(WiderBudgets wider = {}, std::size_t capacity = 100'000);

  // 0 when the address may go on, else the seconds to wait. Takes from all of its networks or from none. The rate is
  // that of an IPv4 address or an IPv6 /64.
  int take(std::string_view address, Time now, const config::Rate& rate);

 private:
  struct Level {
    RateLimiter limiter;
    double factor;
  };

  // Widest first: a wide network that has no more keeps its narrow ones from being tracked.
  std::array<Level, 3> levels_;
};

// What was used of the budgets of the configuration, under the names of their rates in config::Limits. Each has its own
// key: calls by user and tenant once they are known, /health by network; endpoints by address, generously, since a
// hosted client reaches us from one address for many users.
struct RateLimiters {
  RateLimiter call;
  NetworkLimiter token;
  NetworkLimiter register_;
  NetworkLimiter sign_in;
  NetworkLimiter authorize;
};

}  // namespace postern::limits
