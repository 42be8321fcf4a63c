#include "app/process/process.hpp"

#include <chrono>
#include <utility>

#include "app/process/gauges.hpp"
#include "app/process/open_files.hpp"
#include "crypto/hash.hpp"
#include "idp/provider_fetch.hpp"

namespace postern::app {
namespace {

constexpr std::size_t kCachedTokens = 100'000;
constexpr auto kCachedFor = std::chrono::seconds(60);
// draft-ietf-oauth-client-id-metadata-document section 6.6: 5 KiB are enough.
constexpr upstream::FetchRules kClientDocument{5 * 1024, std::chrono::seconds(5)};
constexpr upstream::FetchRules kKeySet{64 * 1024, std::chrono::seconds(5)};

// Documents of strangers, fetched with what the current generation allows.
upstream::Fetching of_strangers(const runtime::CurrentGeneration& current, upstream::FetchRules rules) {
  return [&current, rules](const auto& url, const auto& from) {
    const auto generation = current.get();
    return generation->fetchers().strangers.get(url, rules, from);
  };
}

using FetchOfProvider = Result<upstream::Fetched> (*)(upstream::Fetcher&, const std::string&);

upstream::Fetching of_providers(const runtime::CurrentGeneration& current, FetchOfProvider fetch) {
  return [&current, fetch](const auto& url, const auto&) {
    const auto generation = current.get();
    return fetch(generation->fetchers().providers, url);
  };
}

telemetry::LogOptions log_options(const config::Log& log) {
  return {static_cast<telemetry::Level>(log.level), log.file, log.audit};
}

}  // namespace

std::size_t workers_of(const config::Config& config) { return config.workers > 0 ? config.workers : cores(); }

Process::Process(ProcessParts parts)
    : clock(wall_clock, boot_time, parts.kept_time),
      log(std::move(parts.log)),
      metrics(telemetry::make_metrics()),
      store_watch(*log),
      claim(std::move(parts.claim)),
      store(std::move(parts.opened.store)),
      time(clock, *store, *log, *metrics),
      seals{.session = crypto::Aead(crypto::hkdf_sha256(parts.opened.master_key, "", "mcp-session-id")),
            .consent = crypto::Aead(crypto::hkdf_sha256(parts.opened.master_key, "", "consent"))},
      tokens(kCachedTokens, kCachedFor),
      signing_keys(store->keys(), parts.opened.master_key, clock),
      client_documents(of_strangers(current, kClientDocument), pools.fetch, clock),
      client_keys(of_strangers(current, kKeySet), pools.fetch, clock),
      provider_metadata(of_providers(current, idp::fetch_provider_metadata), pools.provider, clock,
                        idp::provider_document_options()),
      provider_key_sets(of_providers(current, idp::fetch_provider_keys), pools.provider, clock,
                        idp::provider_document_options()),
      provider_keys(provider_metadata, provider_key_sets),
      hub(*log, parts.child_files),
      services{.store = *store,
               .clock = clock,
               .log = *log,
               .metrics = *metrics,
               .said = said,
               .tokens = tokens,
               .signing_keys = signing_keys,
               .usage = usage,
               .pools = {.store_read = pools.store_read,
                         .store_write = pools.store_write,
                         .password = pools.password,
                         .familiar_password = pools.familiar_password,
                         .long_work = pools.long_work,
                         .provider = pools.provider},
               .counters = counters,
               .seals = seals,
               .published = {.client_documents = client_documents,
                             .client_keys = client_keys,
                             .provider_metadata = provider_metadata,
                             .provider_key_sets = provider_key_sets,
                             .provider_keys = provider_keys}} {
  for (auto* pool : pools.all()) {
    // No request waits for housekeeping.
    if (pool != &pools.housekeeping) measure_pool(*metrics, *pool);
  }
  for (auto* names : pools.all_lookups()) measure_pool(*metrics, names->pool());
  measure_log(*metrics, *log);
  measure_store(*metrics, *store);
  store->on_fault([this](const std::string& fault) { store_watch.tell(fault); });
}

Process::~Process() {
  stop_pools();
  current.set(nullptr);
}

void Process::stop_pools() {
  for (auto* names : pools.all_lookups()) names->stop();
  for (auto* pool : pools.all()) pool->stop();
}

Result<std::unique_ptr<Process>> open_process(config::Config& config) {
  auto log = telemetry::make_log(log_options(config.log));
  if (!log) return log.error();
  const auto fetching = ProcessPools::fetch_threads();
  const auto files =
      claim_open_files(config, {.workers = workers_of(config), .fetch_threads = fetching, .lookup_threads = fetching});
  if (config.limits.connections == 0) return fail(Errc::unavailable, files.warning);
  if (!files.warning.empty()) (*log)->warning("too_few_open_files", {{"what", files.warning}});
  auto claim = store::claim_store(config.store);
  if (!claim) return claim.error();
  auto opened = store::open_store(config.store);
  if (!opened) return opened.error();
  const auto kept_time = opened->store->kept_time();
  if (!kept_time) return kept_time.error();
  if (opened->made) (*log)->info("store_made", {{"store", config.store}});
  return std::make_unique<Process>(ProcessParts{.log = std::move(*log),
                                                .claim = std::move(*claim),
                                                .opened = std::move(*opened),
                                                .kept_time = *kept_time,
                                                .child_files = files.started_with});
}

}  // namespace postern::app
