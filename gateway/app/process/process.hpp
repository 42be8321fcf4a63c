#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "app/process/pools.hpp"
#include "app/process/store_watch.hpp"
#include "app/process/time_keeper.hpp"
#include "base/clock.hpp"
#include "base/watched_clock.hpp"
#include "config/config.hpp"
#include "edge/connections.hpp"
#include "proxy/rest/rest_state.hpp"
#include "runtime/current_generation.hpp"
#include "runtime/services.hpp"
#include "store/claim.hpp"
#include "store/store.hpp"
#include "upstream/duplex/hub.hpp"
#include "upstream/fetch/documents.hpp"

namespace postern::app {

struct ProcessParts {
  std::unique_ptr<telemetry::Log> log;
  store::StoreClaim claim;
  store::OpenedStore opened;
  std::optional<KeptTime> kept_time;
  std::size_t child_files;  // the limit of open files that the process was started with
};

// What lasts as long as the process, whatever configuration it serves: store, caches, counters, pools, keys, and the
// hub with its programs. Members are constructed top to bottom and destroyed bottom to top: what stands below may
// use what stands above.
struct Process {
  explicit Process(ProcessParts parts);
  // Stops the pools, then drops the current generation: it refers to members that are destroyed before `current`.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // To be called while the workers exist: work that ends on a pool reports to them.
  void stop_pools();

  SystemClock wall_clock;
  BootTime boot_time;
  WatchedClock clock;
  std::unique_ptr<telemetry::Log> log;
  std::unique_ptr<telemetry::Metrics> metrics;
  telemetry::SaidOnce said;
  StoreWatch store_watch;   // outlives the store, which calls it
  store::StoreClaim claim;  // held until the store has closed
  std::unique_ptr<store::Store> store;
  TimeKeeper time;
  runtime::Seals seals;
  token::TokenCache tokens;
  token::SigningKeys signing_keys;

  runtime::Counters counters;
  limits::UsageCounter usage;
  edge::Places places;

  ProcessPools pools;
  runtime::CurrentGeneration current;
  // Documents stay when the configuration changes, and are fetched with what the current one allows.
  upstream::Documents client_documents;
  upstream::Documents client_keys;
  upstream::Documents provider_metadata;
  upstream::Documents provider_key_sets;
  idp::ProviderKeys provider_keys;
  upstream::DuplexHub hub;
  proxy::RestState rest;
  runtime::Services services;
};

// Opens the log and the store that the configuration names. Lowers its limits of connections to what the limit of open
// files allows. The error is a sentence.
Result<std::unique_ptr<Process>> open_process(config::Config& config);

std::size_t workers_of(const config::Config& config);

}  // namespace postern::app
