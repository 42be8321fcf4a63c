#pragma once

#include "config/config.hpp"
#include "edge/client_address.hpp"
#include "limits/connection_places.hpp"

namespace postern::edge {

// What a configuration says to connections and listeners. Immutable; thread-safe.
struct Settings {
  config::Limits limits;
  TrustedProxies proxies;
};

// How many clients are admitted, as the limits say.
limits::ConnectionPlaces::Bounds client_places(const config::Limits& limits);
// How many probes and readers of metrics are admitted. They may all come from one address: there the newest always gets
// a place.
limits::ConnectionPlaces::Bounds operations_places();

}  // namespace postern::edge
