#pragma once

#include "config/config.hpp"
#include "edge/client_address.hpp"

namespace postern::edge {

// What a configuration says to connections and listeners. Immutable; thread-safe.
struct Settings {
  config::Limits limits;
  TrustedProxies proxies;
};

}  // namespace postern::edge
