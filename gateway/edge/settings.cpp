#include "edge/settings.hpp"

#include "limits/descriptor_budget.hpp"

namespace postern::edge {

limits::ConnectionPlaces::Bounds client_places(const config::Limits& limits) {
  return {.total = limits.connections,
          .per_address = limits.connections_per_address,
          .in_exchange = limits::kConnectionsInExchange};
}

limits::ConnectionPlaces::Bounds operations_places() {
  constexpr std::size_t kHalf = limits::kOperationsConnections / 2;
  return {.total = kHalf, .per_address = limits::kOperationsConnections, .in_exchange = kHalf, .newest_wins = true};
}

}  // namespace postern::edge
