#pragma once

#include <array>

#include "net/pools/lookups.hpp"
#include "net/pools/offload.hpp"

namespace postern::app {

// The thread pools of the process, each kind apart so that none keeps another waiting. Bounded.
struct ProcessPools {
  ProcessPools();

  net::OffloadPool store_read;
  // Its threads wait for the commit that they share. Separate, so that no look-up waits for the disk.
  net::OffloadPool store_write;
  net::OffloadPool password;
  // Separate, so that strangers never delay somebody whose browser or network is known.
  net::OffloadPool familiar_password;
  net::Lookups lookups;
  net::OffloadPool fetch;
  // Separate, so that strangers' documents never delay a provider's, and one slow provider leaves room for the others.
  net::Lookups provider_lookups;
  net::OffloadPool provider;
  net::OffloadPool housekeeping;
  // Leaves half of the cores, where there are several, to the event loops, however many long texts come.
  net::OffloadPool long_work;

  // A pool that is missing here is neither measured nor stopped in time.
  std::array<net::OffloadPool*, 8> all() {
    return {&store_read, &store_write, &password, &familiar_password, &fetch, &provider, &housekeeping, &long_work};
  }
  std::array<net::Lookups*, 2> all_lookups() { return {&lookups, &provider_lookups}; }

  // Threads that fetch, and as many that look names up.
  static std::size_t fetch_threads();
};

// At least 1.
std::size_t cores();

}  // namespace postern::app
