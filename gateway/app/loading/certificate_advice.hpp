#pragma once

#include "base/clock.hpp"
#include "config/config.hpp"
#include "config/position.hpp"

namespace postern::app {

// From how many days before its end a certificate is warned about.
inline constexpr int kRenewalDays = 14;

// Warns of certificates that have expired, will soon, or are not valid yet, and of addresses that clients reach by TLS
// here whose host none of the certificates names. A certificate that cannot be read is a fault, found elsewhere.
void advise_on_certificates(const config::Config& config, Time now, config::Faults& advice);

}  // namespace postern::app
