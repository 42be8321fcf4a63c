#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "config/config.hpp"
#include "limits/rate_limiter.hpp"

namespace postern::limits {

// How much more often than one narrow network the wider ones may come that it is in.
struct WiderBudgets {
  double site = 8;   // IPv6 /48, IPv4 /24
  double wide = 32;  // IPv6 /32
};

// Budgets of strangers by the networks that their address is in (base/network.hpp), since a stranger who has one IPv6
// /64 often has 65,536 of them. The rate is that of an IPv4 address or an IPv6 /64. Thread-safe.
class NetworkLimiter {
 public:
  using Time = RateLimiter::Time;

  explicit NetworkLimiter(config::Rate rate, WiderBudgets wider = {}, std::size_t capacity = 100'000);

  // 0 when the address may go on, else the seconds to wait. Takes from all of its networks or from none.
  int take(std::string_view address, Time now);

 private:
  // Widest first: a wide network that has no more keeps its narrow ones from being tracked.
  std::array<RateLimiter, 3> levels_;
};

// The budgets of the configuration, each with its own key: calls by user and tenant once they are known; endpoints by
// address, generously, since a hosted client reaches us from one address for many users.
struct RateLimiters {
  explicit RateLimiters(const config::Limits& limits)
      : call(limits.call),
        token(limits.token),
        register_(limits.register_),
        sign_in(limits.sign_in),
        authorize(limits.authorize) {}

  RateLimiter call;
  NetworkLimiter token;
  NetworkLimiter register_;
  NetworkLimiter sign_in;
  NetworkLimiter authorize;
};

}  // namespace postern::limits
