#include "limits/network_limiter.hpp"

#include "base/network.hpp"

namespace postern::limits {
namespace {

config::Rate times(config::Rate rate, double factor) { return {rate.per_second * factor, rate.burst * factor}; }

}  // namespace

NetworkLimiter::NetworkLimiter(config::Rate rate, WiderBudgets wider, std::size_t capacity)
    : levels_{RateLimiter(times(rate, wider.wide), capacity), RateLimiter(times(rate, wider.site), capacity),
              RateLimiter(rate, capacity)} {}

int NetworkLimiter::take(std::string_view address, Time now) {
  const auto networks = networks_of(address);
  RateLimiter* const first = levels_.data() + (levels_.size() - networks.size());
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const int wait = first[i].take(networks[i], now);
    if (wait == 0) continue;
    for (std::size_t taken = 0; taken < i; ++taken) first[taken].give_back(networks[taken]);
    return wait;
  }
  return 0;
}

}  // namespace postern::limits
