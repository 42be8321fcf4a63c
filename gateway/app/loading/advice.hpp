#pragma once

#include "app/loading/loaded.hpp"
#include "base/clock.hpp"
#include "config/position.hpp"

namespace postern::app {

// Warns about settings that are valid but probably unintended: rules that decide nothing, parts that nothing
// uses, an upstream that is the gateway itself, metrics in plaintext for everybody, certificates that clients
// refuse, a store or log that cannot be opened here. Each warning has its place and says what to do; none keeps the
// gateway from starting. Reads the files that the configuration names, makes none and does not use the network.
config::Faults advice_on(const Loaded& loaded, const config::Sources& sources, Time now);

}  // namespace postern::app
