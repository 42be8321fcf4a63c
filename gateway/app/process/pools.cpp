#include "app/process/pools.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "net/resolver.hpp"
#include "proxy/long_work.hpp"
#include "runtime/fetchers.hpp"

namespace postern::app {
namespace {

// Documents of strangers: with silent servers or name servers, one wide network holds an eighth of the threads.
constexpr std::size_t kFetchThreads = 32;
constexpr net::QueueBounds kFetches{128, 16, runtime::kFetchesEach};
constexpr std::chrono::seconds kLookupDeadline{3};
constexpr net::Lookups::Bounds kLookups{kFetchThreads, runtime::kFetchesEach, kLookupDeadline};
constexpr std::size_t kProviderThreads = 3 * runtime::kFetchesOfProvider;
constexpr net::Lookups::Bounds kProviderLookups{kProviderThreads, kProviderThreads, kLookupDeadline};
// Those of one wide network (base/network.hpp) get an eighth of the places; one that is known needs few.
constexpr net::QueueBounds kPasswords{256, 32};
constexpr net::QueueBounds kFamiliarPasswords{64, 4};

}  // namespace

std::size_t cores() { return std::max<std::size_t>(1, std::thread::hardware_concurrency()); }

std::size_t ProcessPools::fetch_threads() { return kFetchThreads + kProviderThreads; }

ProcessPools::ProcessPools()
    : store_read("store_read", 4, 1024),
      store_write("store_write", 8, 256),
      password("password", cores(), kPasswords),
      familiar_password("familiar_password", 1, kFamiliarPasswords),
      lookups("lookup", net::resolve_blocking, kLookups),
      fetch("fetch", kFetchThreads, kFetches),
      provider_lookups("provider_lookup", net::resolve_blocking, kProviderLookups),
      provider("provider", kProviderThreads, 64),
      housekeeping("housekeeping", 1, 4),
      long_work("long_work", cores() / 2, proxy::kLongWork) {}

}  // namespace postern::app
