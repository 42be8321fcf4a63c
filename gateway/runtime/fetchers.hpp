#pragma once

#include <cstddef>
#include <utility>

#include "upstream/fetch/fetcher.hpp"

namespace postern::runtime {

// The most fetches of strangers' documents, and look-ups for them, that are under way for one network.
inline constexpr std::size_t kFetchesEach = 4;
// The most fetches that are under way from one host of a provider.
inline constexpr std::size_t kFetchesOfProvider = 4;

// What fetches documents, with the addresses and certificate authorities that a configuration allows. Thread-safe.
struct Fetchers {
  // `clock`, and what the options refer to, must outlive them.
  Fetchers(upstream::FetcherOptions of_strangers, upstream::FetcherOptions of_providers, const Clock& clock)
      : strangers(std::move(of_strangers), clock), providers(std::move(of_providers), clock) {}

  upstream::Fetcher strangers;  // documents and keys of clients
  upstream::Fetcher providers;  // what providers publish, and forms to their token endpoints
};

}  // namespace postern::runtime
