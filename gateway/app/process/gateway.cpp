#include "app/process/gateway.hpp"

#include <algorithm>
#include <csignal>
#include <deque>
#include <future>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "app/process/allocator.hpp"
#include "app/process/change_feed.hpp"
#include "app/process/gauges.hpp"
#include "app/process/open_files.hpp"
#include "app/process/store_watch.hpp"
#include "app/process/time_keeper.hpp"
#include "crypto/hash.hpp"
#include "edge/listener/listener.hpp"
#include "http/url/url.hpp"
#include "idp/provider_fetch.hpp"
#include "idp/provider_keys.hpp"
#include "net/pools/lookups.hpp"
#include "net/resolver.hpp"
#include "proxy/long_work.hpp"
#include "proxy/rest/rest_state.hpp"
#include "runtime/upstream_factory.hpp"
#include "server/dispatch.hpp"
#include "store/claim.hpp"
#include "upstream/duplex/hub.hpp"

namespace postern::app {
namespace {

constexpr std::size_t kFetchesOfProvider = 4;
constexpr auto kDrainGrace = std::chrono::seconds(20);
constexpr auto kLastAnswers = std::chrono::milliseconds(500);
constexpr auto kEndGrace = std::chrono::seconds(5);
constexpr auto kCertificatesEvery = std::chrono::seconds(2);
constexpr auto kPurgeEvery = std::chrono::minutes(5);
constexpr auto kUsageEvery = std::chrono::seconds(30);
constexpr auto kRefusalsEvery = std::chrono::seconds(30);
constexpr std::size_t kCachedTokens = 100'000;
constexpr std::size_t kEndpointBodies = 32 * 1024 * 1024;
constexpr auto kCachedFor = std::chrono::seconds(60);
// draft-ietf-oauth-client-id-metadata-document section 6.6: 5 KiB are enough.
constexpr upstream::FetchRules kClientDocument{5 * 1024, std::chrono::seconds(5)};
// Documents of strangers: with silent servers or name servers, one wide network holds an eighth of the threads.
constexpr std::size_t kFetchThreads = 32;
constexpr std::size_t kFetchesEach = 4;
constexpr net::QueueBounds kFetches{128, 16, kFetchesEach};
constexpr std::chrono::seconds kLookupDeadline{3};
constexpr net::Lookups::Bounds kLookups{kFetchThreads, kFetchesEach, kLookupDeadline};
constexpr std::size_t kProviderThreads = 3 * kFetchesOfProvider;
constexpr net::Lookups::Bounds kProviderLookups{kProviderThreads, kProviderThreads, kLookupDeadline};
constexpr std::size_t kToolChecks = 32;
constexpr std::size_t kToolChecksOfOneUser = 4;
// Those of one wide network (base/network.hpp) get an eighth of the places; one that is known needs few.
constexpr net::QueueBounds kPasswords{256, 32};
constexpr net::QueueBounds kFamiliarPasswords{64, 4};
constexpr upstream::FetchRules kKeySet{64 * 1024, std::chrono::seconds(5)};

std::size_t cores() { return std::max<std::size_t>(1, std::thread::hardware_concurrency()); }

std::size_t workers_of(const config::Config& config) { return config.workers > 0 ? config.workers : cores(); }

telemetry::LogOptions log_options(const config::Log& log) {
  return {static_cast<telemetry::Level>(log.level), log.file, log.audit};
}

// Addresses of providers that the operator wrote down.
std::vector<std::string> provider_urls(const config::Config& config) {
  std::vector<std::string> urls;
  for (const auto& server : config.authorization_servers) {
    if (!server.external) continue;
    for (const auto* url : {&server.external->issuer, &server.external->discovery, &server.external->jwks_uri}) {
      if (!url->empty()) urls.push_back(*url);
    }
  }
  for (const auto& provider : config.identity.providers) {
    urls.push_back(provider.issuer);
    if (!provider.discovery.empty()) urls.push_back(provider.discovery);
  }
  return urls;
}

std::vector<net::CertificateFiles> files_of(const config::Listener& listener) {
  std::vector<net::CertificateFiles> files;
  for (const auto& each : listener.certificates) files.push_back({each.certificate, each.key});
  return files;
}

}  // namespace

// Members are made top to bottom and go bottom to top: what stands below may use what stands above.
struct Gateway::Impl {
  struct Address {
    config::Listener settings;
    std::shared_ptr<edge::TlsSlot> tls;
    std::unique_ptr<net::CertificateWatch> watch;
    std::uint16_t port = 0;
  };

  SystemClock wall_clock;
  BootTime boot_time;
  WatchedClock clock;
  std::unique_ptr<telemetry::Log> log;
  std::unique_ptr<telemetry::Metrics> metrics;
  StoreWatch store_watch{*log};  // above the store, which tells it things as long as it is there
  store::StoreClaim claim;       // of `store`, which goes first
  std::unique_ptr<store::Store> store;
  TimeKeeper time;
  crypto::Aead session_seal;
  crypto::Aead consent_seal;
  token::TokenCache tokens{kCachedTokens, kCachedFor};
  limits::RateLimiters limiters;
  limits::RefusalLog refusals;
  limits::BodyBudget bodies;
  limits::BodyBudget endpoint_bodies{kEndpointBodies};
  limits::CallCounter calls;
  limits::CallCounter fetches{kFetchesEach};
  runtime::UpstreamTls upstream_tls;
  token::SigningKeys signing_keys;
  limits::UsageCounter usage;
  limits::ToolChecks tool_checks{kToolChecks, kToolChecksOfOneUser};
  telemetry::SaidOnce said;
  net::OffloadPool store_read_pool{"store_read", 4, 1024};
  // Its threads wait for the commit that they share. Apart, so that no look-up ever waits for the disk with them.
  net::OffloadPool store_write_pool{"store_write", 8, 256};
  net::OffloadPool password_pool{"password", cores(), kPasswords};
  // Apart, so that strangers never keep somebody waiting whose browser or network is known.
  net::OffloadPool familiar_password_pool{"familiar_password", 1, kFamiliarPasswords};
  net::Lookups lookups{"lookup", net::resolve_blocking, kLookups};
  net::OffloadPool fetch_pool{"fetch", kFetchThreads, kFetches};
  // Apart, so that documents of strangers never keep one waiting; and one slow provider leaves room for others.
  net::Lookups provider_lookups{"provider_lookup", net::resolve_blocking, kProviderLookups};
  net::OffloadPool provider_pool{"provider", kProviderThreads, 64};
  net::OffloadPool housekeeping{"housekeeping", 1, 4};
  // Half of the cores stay with the event loops, however many long texts come.
  net::OffloadPool long_work{"long_work", cores() / 2, proxy::kLongWork};
  std::shared_ptr<const net::TlsClient> fetch_tls;
  upstream::Fetcher fetcher;
  upstream::Documents documents;
  upstream::Documents key_sets;
  upstream::Fetcher provider_fetcher;
  upstream::Documents provider_metadata;
  upstream::Documents provider_key_sets;
  idp::ProviderKeys provider_keys{provider_metadata, provider_key_sets};
  upstream::DuplexHub duplex;
  std::unique_ptr<runtime::UpstreamFactory> upstreams = runtime::make_upstream_factory(upstream_tls, duplex);
  proxy::RestState rest;
  runtime::Services services;
  edge::Places places;
  std::vector<Address> addresses;
  std::deque<edge::Handler> handlers;  // of each worker's requests
  std::vector<std::unique_ptr<runtime::Worker>> workers;
  std::vector<std::unique_ptr<edge::Listener>> listeners;
  std::unique_ptr<ChangeFeed> feed;
  boost::asio::io_context control{1};
  boost::asio::signal_set signals{control};
  boost::asio::signal_set hangup{control, SIGHUP};
  boost::asio::steady_timer timer{control};
  std::chrono::steady_clock::time_point purged{};
  std::chrono::steady_clock::time_point usage_kept{};
  std::chrono::steady_clock::time_point refusals_told{};

  // `child_files`: the limit of open files that the process was started with.
  Impl(const config::Config& config, std::unique_ptr<telemetry::Log> made_log, store::StoreClaim held,
       store::OpenedStore opened, const std::optional<KeptTime>& kept_time, std::size_t child_files)
      : clock(wall_clock, boot_time, kept_time),
        log(std::move(made_log)),
        metrics(telemetry::make_metrics()),
        claim(std::move(held)),
        store(std::move(opened.store)),
        time(clock, *store, *log, *metrics),
        session_seal(crypto::hkdf_sha256(opened.master_key, "", "mcp-session-id")),
        consent_seal(crypto::hkdf_sha256(opened.master_key, "", "consent")),
        limiters(config.limits),
        bodies(config.limits.body_memory),
        calls(config.limits.calls_per_user),
        signing_keys(store->keys(), opened.master_key, clock),
        fetcher(fetch_options(config.fetch, lookups), clock),
        documents([this](const auto& url, const auto& from) { return fetcher.get(url, kClientDocument, from); },
                  fetch_pool, clock),
        key_sets([this](const auto& url, const auto& from) { return fetcher.get(url, kKeySet, from); }, fetch_pool,
                 clock),
        provider_fetcher(provider_fetch_options(config), clock),
        provider_metadata(
            [this](const auto& url, const auto&) { return idp::fetch_provider_metadata(provider_fetcher, url); },
            provider_pool, clock, idp::provider_document_options()),
        provider_key_sets(
            [this](const auto& url, const auto&) { return idp::fetch_provider_keys(provider_fetcher, url); },
            provider_pool, clock, idp::provider_document_options()),
        duplex(*log, child_files),
        services{*store,
                 clock,
                 *log,
                 *metrics,
                 tokens,
                 store_read_pool,
                 store_write_pool,
                 password_pool,
                 familiar_password_pool,
                 long_work,
                 session_seal,
                 consent_seal,
                 limiters,
                 refusals,
                 bodies,
                 endpoint_bodies,
                 calls,
                 fetches,
                 *upstreams,
                 documents,
                 key_sets,
                 provider_metadata,
                 provider_key_sets,
                 provider_fetcher,
                 provider_pool,
                 provider_keys,
                 signing_keys,
                 usage,
                 tool_checks,
                 said},
        places{limits::ConnectionPlaces(client_places(config.limits)), limits::ConnectionPlaces(operations_places())} {
    // Before anything listens: whoever sees it serve may end it.
    signals.add(SIGINT);
    signals.add(SIGTERM);
  }

  upstream::FetcherOptions fetch_options(const config::Fetch& fetch, net::Lookups& names) const;
  upstream::FetcherOptions provider_fetch_options(const config::Config& config);
  Result<void> open(Loaded loaded);
  Result<void> prepare_keys(const config::Config& config);
  void lost_changes(ChangeFeed::Lost lost);
  void share_places();
  Result<void> bind(const config::Config& config);
  void apply(const std::vector<store::Change>& changes);
  void end_streams_of(token::Touched touched);
  void end_all_streams();
  void tick();
  void reload_certificates();
  void keep_claim();
  void keep_usage();
  void tell_what_is_not_logged();
  void tell_refusals();
  void reopen_log();
  void drain();
  void wait_until_idle(std::chrono::milliseconds longest);
  void cut_off();
  bool idle();
  void run();
};

upstream::FetcherOptions Gateway::Impl::fetch_options(const config::Fetch& fetch, net::Lookups& names) const {
  upstream::FetcherOptions options;
  options.guard = net::AddressGuard(fetch.allow_private);
  options.tls = [this] { return fetch_tls; };
  options.resolve = [&names](const auto& host, const auto& from) { return names.find(host, from); };
  for (const auto& [host, address, port] : fetch.connect_to) {
    options.connect_to.try_emplace(host, boost::asio::ip::make_address(address), port);
  }
  return options;
}

// The operator chose the hosts that the configuration names: they may be inside the network.
upstream::FetcherOptions Gateway::Impl::provider_fetch_options(const config::Config& config) {
  auto options = fetch_options(config.fetch, provider_lookups);
  auto exceptions = config.fetch.allow_private;
  for (const auto& named : provider_urls(config)) {
    if (const auto url = http::parse_url(named)) exceptions.push_back(url->host);
  }
  options.guard = net::AddressGuard(exceptions);
  options.per_host = kFetchesOfProvider;
  options.plain_loopback = true;
  return options;
}

Result<void> Gateway::Impl::prepare_keys(const config::Config& config) {
  for (const auto& server : config.authorization_servers) {
    const auto& tokens_of = server.access_token;
    if (tokens_of.format != config::TokenFormat::jwt) continue;
    if (auto ready = signing_keys.prepare(server.issuer, tokens_of.algorithm, tokens_of.lifetime); !ready) return ready;
  }
  return {};
}

// The connections that have to give way may be on any worker.
void Gateway::Impl::share_places() {
  for (auto* shared : {&places.clients, &places.operations}) {
    shared->on_give_way([this, shared](const std::string& network) {
      for (auto& worker : workers) {
        boost::asio::post(worker->io(),
                          [w = worker.get(), shared, network] { w->connections().give_way(*shared, network); });
      }
    });
  }
}

Result<void> Gateway::Impl::open(Loaded loaded) {
  if (auto ready = prepare_keys(loaded.config); !ready) return ready;
  const auto count = workers_of(loaded.config);
  if (auto opened = upstream_tls.open(loaded.config.upstreams); !opened) return opened.error();
  auto tls = net::TlsClient::load({loaded.config.fetch.authorities, {}});
  if (!tls) return tls.error();
  fetch_tls = std::move(*tls);
  auto snapshot = std::make_shared<const runtime::Snapshot>(std::move(loaded.config), loaded.policies, services);
  for (std::size_t i = 0; i < count; ++i) {
    auto& worker = *workers.emplace_back(std::make_unique<runtime::Worker>(services, places, snapshot));
    handlers.emplace_back([this, &worker](edge::ClientExchange& client) -> net::awaitable<void> {
      return server::handle_request(client, worker, rest);
    });
  }
  for (auto* pool : {&store_read_pool, &store_write_pool, &password_pool, &familiar_password_pool, &fetch_pool,
                     &provider_pool, &long_work}) {
    measure_pool(*metrics, *pool);
  }
  for (auto* names : {&lookups, &provider_lookups}) measure_pool(*metrics, names->pool());
  measure_log(*metrics, *log);
  measure_store(*metrics, *store);
  share_places();
  for (const auto& upstream : snapshot->config().upstreams) {
    if (!upstream.command.empty()) measure_processes(*metrics, duplex, upstream.name);
  }
  store->on_fault([this](const std::string& fault) { store_watch.tell(fault); });
  store->on_change([this](const std::vector<store::Change>& changes) { apply(changes); });
  return bind(snapshot->config());
}

// Every worker listens on every address: the kernel spreads the connections.
Result<void> Gateway::Impl::bind(const config::Config& config) {
  for (const auto& settings : config.listen) {
    Address address{settings, nullptr, nullptr, settings.port};
    if (!settings.certificates.empty()) {
      auto tls = net::TlsServer::load(files_of(settings));
      if (!tls) return tls.error();
      address.tls = std::make_shared<edge::TlsSlot>(std::move(*tls));
      address.watch = std::make_unique<net::CertificateWatch>(files_of(settings));
    }
    const edge::ListenerInfo info{settings.serve, address.tls != nullptr || settings.behind_proxy};
    for (std::size_t i = 0; i < workers.size(); ++i) {
      const bool first = i == 0;
      auto acceptor = net::Acceptor::listen(workers[i]->io(), settings.host, address.port,
                                            first ? net::Acceptor::Place::first : net::Acceptor::Place::joining);
      if (!acceptor) return acceptor.error();
      address.port = (*acceptor)->port();  // of port 0 the first decides for all
      listeners.push_back(std::make_unique<edge::Listener>(std::move(*acceptor), info, address.tls,
                                                           workers[i]->connections(), handlers[i]));
    }
    addresses.push_back(std::move(address));
  }
  return {};
}

// Caches and open streams follow the store. Runs on the store's writer thread and on the feed's. The cache comes first:
// a call that is not found among the streams yet learns from it that its token has changed.
void Gateway::Impl::apply(const std::vector<store::Change>& changes) {
  for (const auto& change : changes) {
    const bool of_keys = change.kind == store::ChangeKind::signing_keys;
    if (of_keys || change.kind == store::ChangeKind::key_life) signing_keys.forget(change.subject);
    if (of_keys) log->info("signing_keys_changed", {{"issuer", change.subject}});
  }
  auto touched = token::touched_by(changes);
  tokens.drop(touched);
  const bool ends_streams = !touched.tokens.empty() || !touched.grants.empty() || !touched.users.empty();
  if (ends_streams) end_streams_of(std::move(touched));
}

void Gateway::Impl::end_streams_of(token::Touched touched) {
  const auto over = std::make_shared<const token::Touched>(std::move(touched));
  for (auto& worker : workers) {
    boost::asio::post(worker->io(), [w = worker.get(), over] { w->end_streams_of(*over); });
  }
}

void Gateway::Impl::end_all_streams() {
  for (auto& worker : workers) boost::asio::post(worker->io(), [w = worker.get()] { w->end_all_streams(); });
}

void Gateway::Impl::lost_changes(ChangeFeed::Lost lost) {
  signing_keys.forget();
  tokens.drop_all();
  if (lost == ChangeFeed::Lost::unseen) end_all_streams();
}

void Gateway::Impl::reload_certificates() {
  for (auto& address : addresses) {
    if (!address.watch || !address.watch->changed()) continue;
    auto tls = net::TlsServer::load(files_of(address.settings));
    if (!tls) {
      log->error("certificates_not_reloaded", {{"what", tls.error().what}});
      continue;
    }
    address.tls->set(std::move(*tls));
    log->info("certificates_reloaded", {{"port", address.port}});
  }
  for (const auto& [upstream, done] : upstream_tls.reload()) {
    if (done) {
      log->info("certificates_reloaded", {{"upstream", upstream}});
    } else {
      log->error("certificates_not_reloaded", {{"upstream", upstream}, {"what", done.error().what}});
    }
  }
}

void Gateway::Impl::keep_claim() {
  const auto kept = claim.keep();
  if (!kept && said.first(kept.error().what)) log->error("store_claim_lost", {{"what", kept.error().what}});
}

void Gateway::Impl::keep_usage() {
  if (const auto done = limits::flush(usage, store->usage()); !done)
    log->warning("usage_not_kept", {{"what", done.error().what}});
}

void Gateway::Impl::tell_what_is_not_logged() {
  log->tell_dropped();
  if (std::chrono::steady_clock::now() - refusals_told < kRefusalsEvery) return;
  refusals_told = std::chrono::steady_clock::now();
  tell_refusals();
}

void Gateway::Impl::tell_refusals() {
  using telemetry::StrangerLine;
  const auto refused = refusals.take_left_out(StrangerLine::refused);
  const auto answered = refusals.take_left_out(StrangerLine::answered);
  const auto sign_ins = refusals.take_left_out(StrangerLine::sign_in);
  const auto registrations = refusals.take_left_out(StrangerLine::registration);
  if (refused + answered + sign_ins + registrations == 0) return;
  log->warning(
      "requests_not_logged",
      {{"refused", refused}, {"answered", answered}, {"sign_ins_failed", sign_ins}, {"registrations", registrations}});
}

// A log file that was renamed, as logrotate does, is left for a new one of its name.
void Gateway::Impl::reopen_log() {
  hangup.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    log->reopen();
    log->info("log_reopened", {});
    reopen_log();
  });
}

void Gateway::Impl::tick() {
  timer.expires_after(kCertificatesEvery);
  timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    time.watch();
    reload_certificates();
    tell_what_is_not_logged();
    store_watch.tell(store->fault());
    keep_claim();
    if (std::chrono::steady_clock::now() - purged > kPurgeEvery) {
      purged = std::chrono::steady_clock::now();
      housekeeping.submit([this] { time.purge(); });
    }
    if (std::chrono::steady_clock::now() - usage_kept > kUsageEvery) {
      usage_kept = std::chrono::steady_clock::now();
      housekeeping.submit([this] { keep_usage(); });
    }
    tick();
  });
}

bool Gateway::Impl::idle() {
  // Asked on the control thread while the workers still run: each answers for itself.
  for (auto& worker : workers) {
    std::promise<std::size_t> open;
    auto answer = open.get_future();
    boost::asio::post(worker->io(), [&] { open.set_value(worker->connections().size()); });
    if (answer.get() > 0) return false;
  }
  return true;
}

void Gateway::Impl::drain() {
  log->info("draining", {});
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    auto* worker = workers[i % workers.size()].get();
    boost::asio::post(worker->io(), [listener = listeners[i].get()] { listener->close(); });
  }
  for (auto& worker : workers) boost::asio::post(worker->io(), [w = worker.get()] { w->drain(); });
  const auto until = std::chrono::steady_clock::now() + kDrainGrace;
  bool again = false;
  signals.async_wait([&again](const boost::system::error_code& error, int) { again = !error; });
  control.restart();
  while (!again && std::chrono::steady_clock::now() < until && !idle()) control.run_for(std::chrono::milliseconds(50));
}

void Gateway::Impl::wait_until_idle(std::chrono::milliseconds longest) {
  const auto until = std::chrono::steady_clock::now() + longest;
  while (!idle() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

// Calls that are still under way end with an error for their clients, so that each writes its audit line; then the
// connections are closed that had nothing to say.
void Gateway::Impl::cut_off() {
  for (auto& worker : workers) boost::asio::post(worker->io(), [w = worker.get()] { w->end_all_streams(); });
  wait_until_idle(kLastAnswers);
  for (auto& worker : workers) boost::asio::post(worker->io(), [w = worker.get()] { w->stop(); });
  wait_until_idle(kEndGrace);
}

void Gateway::Impl::run() {
  std::vector<std::thread> threads;
  std::vector<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guards;
  // Before the first token is looked up: what another process revokes right after that must be seen.
  feed = std::make_unique<ChangeFeed>(
      *store, *log, [this](const auto& changes) { apply(changes); },
      [this](ChangeFeed::Lost lost) { lost_changes(lost); });
  for (auto& listener : listeners) listener->start();
  for (auto& worker : workers) {
    guards.push_back(boost::asio::make_work_guard(worker->io()));
    threads.emplace_back([w = worker.get()] { w->io().run(); });
  }
  reopen_log();
  signals.async_wait([this](const boost::system::error_code&, int) {
    timer.cancel();
    hangup.cancel();
    control.stop();
  });
  tick();
  control.run();
  drain();
  feed.reset();
  // Programs are ended while the workers can still tell their clients.
  duplex.stop();
  cut_off();
  guards.clear();
  // Closed connections end their coroutines; what still waits for a pool is dropped with the context.
  for (auto& worker : workers) boost::asio::post(worker->io(), [w = worker.get()] { w->io().stop(); });
  for (auto& thread : threads) thread.join();
  for (auto* names : {&lookups, &provider_lookups}) names->stop();
  // A write still under way tells the workers of the change: it ends while they are there.
  for (auto* pool : {&store_read_pool, &store_write_pool, &password_pool, &familiar_password_pool, &fetch_pool,
                     &provider_pool, &housekeeping, &long_work}) {
    pool->stop();
  }
  keep_usage();
  tell_refusals();
  log->info("stopped", {});
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::start(Loaded loaded) {
  // Writing then fails instead, which the log and the store tell.
  for (const int sent : {SIGPIPE, SIGXFSZ}) std::signal(sent, SIG_IGN);
  give_back_freed_memory(cores());
  auto made = telemetry::make_log(log_options(loaded.config.log));
  if (!made) return made.error();
  auto log = *std::move(made);
  constexpr std::size_t kFetchers = kFetchThreads + kProviderThreads;
  const auto files = claim_open_files(loaded.config, {workers_of(loaded.config), kFetchers, kFetchers});
  if (loaded.config.limits.connections == 0) return fail(Errc::unavailable, files.warning);
  if (!files.warning.empty()) log->warning("too_few_open_files", {{"what", files.warning}});
  auto claim = store::claim_store(loaded.config.store);
  if (!claim) return claim.error();
  auto opened = store::open_store(loaded.config.store);
  if (!opened) return opened.error();
  const auto kept_time = opened->store->kept_time();
  if (!kept_time) return kept_time.error();
  if (opened->made) log->info("store_made", {{"store", loaded.config.store}});
  for (const auto& warning : loaded.config.warnings) log->warning("unsafe_configuration", {{"what", warning}});
  for (const auto& advice : loaded.advice.all()) {
    log->warning("configuration_advice", {{"at", config::to_string(advice.at)}, {"what", advice.what}});
  }
  auto impl = std::make_unique<Impl>(loaded.config, std::move(log), *std::move(claim), std::move(*opened), *kept_time,
                                     files.started_with);
  if (auto open = impl->open(std::move(loaded)); !open) return open.error();
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

std::size_t Gateway::run() {
  impl_->log->info("started", {{"listeners", impl_->addresses.size()}, {"workers", impl_->workers.size()}});
  impl_->run();
  return impl_->log->close();
}

std::vector<std::string> Gateway::addresses() const {
  std::vector<std::string> out;
  for (const auto& address : impl_->addresses) {
    const bool v6 = address.settings.host.find(':') != std::string::npos;
    out.push_back((v6 ? "[" + address.settings.host + "]" : address.settings.host) + ":" +
                  std::to_string(address.port));
  }
  return out;
}

}  // namespace postern::app
