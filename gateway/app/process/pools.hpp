#pragma once

#include <array>

#include "net/pools/lookups.hpp"
#include "net/pools/offload.hpp"

namespace postern::app {

// The threads of the process beside its workers, each kind apart so that none keeps another waiting. Bounded.
struct ProcessPools {
  ProcessPools();

  net::OffloadPool store_read;
  // Its threads wait for the commit that they share. Apart, so that no look-up ever waits for the disk with them.
  net::OffloadPool store_write;
  net::OffloadPool password;
  // Apart, so that strangers never keep somebody waiting whose browser or network is known.
  net::OffloadPool familiar_password;
  net::Lookups lookups;
  net::OffloadPool fetch;
  // Apart, so that documents of strangers never keep one waiting; and one slow provider leaves room for others.
  net::Lookups provider_lookups;
  net::OffloadPool provider;
  net::OffloadPool housekeeping;
  // Half of the cores stay with the event loops, however many long texts come.
  net::OffloadPool long_work;

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
