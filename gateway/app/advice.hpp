#pragma once

#include "app/loaded.hpp"
#include "base/clock.hpp"
#include "config/position.hpp"

namespace postern::app {

// What is in a configuration that loads, and is hardly what its author meant: rules that decide nothing, parts that
// nothing uses, an upstream that is the gateway itself, figures in plaintext for everybody, certificates that clients
// refuse. Each with its place and what to do. Nothing of it keeps the gateway from starting. Reads the certificates
// that the configuration names, and no network.
config::Faults advice_on(const Loaded& loaded, const config::Sources& sources, Time now);

}  // namespace postern::app
