#pragma once

#include "base/clock.hpp"
#include "config/config.hpp"
#include "config/position.hpp"

namespace postern::app {

// Days before its end from which a certificate is spoken of.
inline constexpr int kRenewalDays = 14;

// Certificates that have ended, will soon, or have not begun; addresses that clients reach by TLS here, and whose host
// none of the certificates names. A certificate that cannot be read is not spoken of: that is a fault.
void advise_on_certificates(const config::Config& config, Time now, config::Faults& advice);

}  // namespace postern::app
