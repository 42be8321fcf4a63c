#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/records.hpp"

namespace postern::idp {

// How long a browser is known after a sign-in.
inline constexpr Duration kDeviceLifetime = std::chrono::hours(24 * 180);

// That a browser has signed in to an account, as its cookie holds it: one for each account (OWASP, "Slow Down Online
// Guessing Attacks with Device Cookies"). A copy of it allows guesses at that account within the browser's own limit,
// and nothing else.
struct Device {
  std::string id;     // random; failures are counted by it
  std::string proof;  // of the account, its password and `id`: a new password makes it void
  Time expires_at{};
};

Device new_device(const store::User& user, Time now);
bool is_device_of(const Device& device, const store::User& user, Time now);
// nullptr: none of them is.
const Device* find_device(const std::vector<Device>& devices, const store::User& user, Time now);

}  // namespace postern::idp
