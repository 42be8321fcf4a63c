#include "limits/network_limiter.hpp"

#include "base/network.hpp"

namespace postern::limits {
namespace {

config::Rate times(config::Rate rate, double factor) { return {rate.per_second * factor, rate.burst * factor}; }

}  // namespace

NetworkLimiter::NetworkLimiter(WiderBudgets wider, std::size_t capacity)
    : levels_{Level{RateLimiter(capacity), wider.wide}, Level{RateLimiter(capacity), wider.site},
              Level{RateLimiter(capacity), 1}} {}

int NetworkLimiter::take(std::string_view address, Time now, const config::Rate& rate) {
  const auto networks = networks_of(address);
  Level* const first = levels_.data() + (levels_.size() - networks.size());
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const int wait = first[i].limiter.take(networks[i], now, times(rate, first[i].factor));
    if (wait == 0) continue;
    for (std::size_t taken = 0; taken < i; ++taken)
      first[taken].limiter.give_back(networks[taken], times(rate, first[taken].factor));
    return wait;
  }
  return 0;
}

}  // namespace postern::limits
