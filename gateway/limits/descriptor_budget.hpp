#pragma once

#include <cstddef>
#include <string>

#include "config/config.hpp"

namespace postern::limits {

// Places of the operations listeners (/livez, /readyz, /metrics), beside those of `limits.connections`.
inline constexpr std::size_t kOperationsConnections = 64;
// Connections beyond the limit while others give way to them (limits/connection_places.hpp).
inline constexpr std::size_t kConnectionsInExchange = 64;
// The most connections that each worker and plain listener turns away at once.
inline constexpr std::size_t kTurnedAwayAtOnce = 16;

// Threads that have descriptors of their own.
struct DescriptorUsers {
  std::size_t workers = 1;
  std::size_t fetch_threads = 0;
  std::size_t lookup_threads = 0;  // that look names up
};

// What the configuration needs when everything it allows is in use at once. Pure.
struct DescriptorNeeds {
  std::size_t fixed = 0;        // listeners, store, logs, fetches, pipes of programs, operations and a reserve
  std::size_t connections = 0;  // of clients
  std::size_t upstream = 0;     // connections to servers behind

  std::size_t all() const noexcept { return fixed + connections + upstream; }
};

DescriptorNeeds descriptor_needs(const config::Config& config, DescriptorUsers users);

// What is admitted under a limit of open files. A connection that is admitted has its share of connections to the
// servers behind put aside, so that its calls never fail because other clients took the descriptors.
struct DescriptorPlan {
  std::size_t connections = 0;              // of clients
  std::size_t connections_per_address = 0;  // of these; never all of them when they were reduced
  std::string warning;                      // a sentence for the operator where the limit does not suffice; else empty
};

// The error is in the plan: with not even one connection possible, `connections` is 0 and the warning says so.
DescriptorPlan plan_descriptors(const config::Limits& limits, const DescriptorNeeds& needs, std::size_t limit);

}  // namespace postern::limits
