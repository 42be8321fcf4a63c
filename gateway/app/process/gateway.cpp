#include "app/process/gateway.hpp"

#include <chrono>
#include <csignal>
#include <functional>
#include <future>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include "app/process/addresses.hpp"
#include "app/process/allocator.hpp"
#include "app/process/change_feed.hpp"
#include "app/process/gauges.hpp"
#include "app/process/generation.hpp"
#include "app/process/housekeeping.hpp"
#include "app/process/process.hpp"
#include "app/process/worker_threads.hpp"
#include "server/dispatch.hpp"

namespace postern::app {
namespace {

constexpr auto kDrainGrace = std::chrono::seconds(20);
constexpr auto kLastAnswers = std::chrono::milliseconds(500);
constexpr auto kEndGrace = std::chrono::seconds(5);
constexpr auto kTick = std::chrono::seconds(2);

}  // namespace

// Members are constructed top to bottom and destroyed bottom to top: what stands below may use what stands above.
struct Gateway::Impl {
  std::unique_ptr<Process> process;
  MadeGeneration generation;
  Addresses addresses;
  ServingWorkers workers;
  std::unique_ptr<ChangeFeed> feed;
  Housekeeping housekeeping;
  boost::asio::io_context control{1};
  boost::asio::signal_set signals{control};
  boost::asio::signal_set hangup{control, SIGHUP};
  boost::asio::steady_timer timer{control};
  WorkerThreads threads;

  explicit Impl(std::unique_ptr<Process> opened) : process(std::move(opened)), housekeeping(*process) {
    // Before anything listens: whoever sees it serve may end it.
    signals.add(SIGINT);
    signals.add(SIGTERM);
  }

  telemetry::Log& log() { return *process->log; }
  Result<void> open(Loaded loaded);
  void share_places();
  // Runs on every worker's own thread.
  void on_each_worker(const std::function<void(runtime::Worker&)>& work);
  void apply(const std::vector<store::Change>& changes);
  void lost_changes(ChangeFeed::Lost lost);
  void end_all_streams();
  void tick();
  void reload_certificates();
  void reopen_log();
  void drain();
  void wait_until_idle(std::chrono::milliseconds longest);
  void cut_off();
  bool idle();
  void run();
};

Result<void> Gateway::Impl::open(Loaded loaded) {
  auto made = make_generation(std::move(loaded), *process);
  if (!made) return made.error();
  generation = std::move(*made);
  process->current.set(generation.served);
  const auto& config = generation.served->config();
  for (std::size_t i = 0; i < workers_of(config); ++i) {
    auto& serving =
        *workers.emplace_back(std::make_unique<ServingWorker>(process->services, process->places, generation.served));
    serving.handler = [this, &worker = serving.worker](edge::ClientExchange& client) {
      return server::handle_request(client, worker, process->rest);
    };
  }
  share_places();
  for (const auto& upstream : config.upstreams) {
    if (!upstream.command.empty()) measure_processes(*process->metrics, process->hub, upstream.name);
  }
  process->store->on_change([this](const std::vector<store::Change>& changes) { apply(changes); });
  if (auto bound = addresses.bind(config.listen, workers); !bound) return bound;
  // Before the first token is looked up: what another process revokes right after that must be seen.
  feed = std::make_unique<ChangeFeed>(
      *process->store, log(), [this](const auto& changes) { apply(changes); },
      [this](ChangeFeed::Lost lost) { lost_changes(lost); });
  threads.start(workers);
  return {};
}

void Gateway::Impl::on_each_worker(const std::function<void(runtime::Worker&)>& work) {
  for (auto& each : workers) {
    boost::asio::post(each->worker.io(), [work, &worker = each->worker] { work(worker); });
  }
}

// The connections that have to give way may be on any worker.
void Gateway::Impl::share_places() {
  for (auto* shared : {&process->places.clients, &process->places.operations}) {
    shared->on_give_way([this, shared](const std::string& network) {
      on_each_worker([shared, network](auto& worker) { worker.connections().give_way(*shared, network); });
    });
  }
}

// Caches and open streams follow the store. Runs on the store's writer thread and on the feed's. The cache comes first:
// a call that is not found among the streams yet learns from it that its token has changed.
void Gateway::Impl::apply(const std::vector<store::Change>& changes) {
  for (const auto& change : changes) {
    const bool of_keys = change.kind == store::ChangeKind::signing_keys;
    if (of_keys || change.kind == store::ChangeKind::key_life) process->signing_keys.forget(change.subject);
    if (of_keys) log().info("signing_keys_changed", {{"issuer", change.subject}});
  }
  const auto touched = std::make_shared<const token::Touched>(token::touched_by(changes));
  process->tokens.drop(*touched);
  const bool ends_streams = !touched->tokens.empty() || !touched->grants.empty() || !touched->users.empty();
  if (ends_streams) on_each_worker([touched](auto& worker) { worker.end_streams_of(*touched); });
}

void Gateway::Impl::end_all_streams() {
  on_each_worker([](auto& worker) { worker.end_all_streams(); });
}

void Gateway::Impl::lost_changes(ChangeFeed::Lost lost) {
  process->signing_keys.forget();
  process->tokens.drop_all();
  if (lost == ChangeFeed::Lost::unseen) end_all_streams();
}

void Gateway::Impl::reload_certificates() {
  addresses.reload_certificates(log());
  for (const auto& [upstream, done] : generation.upstream_tls->reload()) {
    if (done) {
      log().info("certificates_reloaded", {{"upstream", upstream}});
    } else {
      log().error("certificates_not_reloaded", {{"upstream", upstream}, {"what", done.error().what}});
    }
  }
}

// A log file that was renamed, as logrotate does, is left for a new one of its name.
void Gateway::Impl::reopen_log() {
  hangup.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    log().reopen();
    log().info("log_reopened", {});
    reopen_log();
  });
}

void Gateway::Impl::tick() {
  timer.expires_after(kTick);
  timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    housekeeping.tick();
    reload_certificates();
    tick();
  });
}

bool Gateway::Impl::idle() {
  // Asked on the control thread while the workers still run: each answers for itself.
  for (auto& each : workers) {
    std::promise<std::size_t> open;
    auto answer = open.get_future();
    boost::asio::post(each->worker.io(), [&] { open.set_value(each->worker.connections().size()); });
    if (answer.get() > 0) return false;
  }
  return true;
}

void Gateway::Impl::drain() {
  log().info("draining", {});
  for (auto& each : workers) {
    boost::asio::post(each->worker.io(), [&listeners = each->listeners] {
      for (auto& listener : listeners) listener->close();
    });
  }
  on_each_worker([](auto& worker) { worker.drain(); });
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
  end_all_streams();
  wait_until_idle(kLastAnswers);
  on_each_worker([](auto& worker) { worker.stop(); });
  wait_until_idle(kEndGrace);
}

void Gateway::Impl::run() {
  for (auto& each : workers) {
    boost::asio::post(each->worker.io(), [&listeners = each->listeners] {
      for (auto& listener : listeners) listener->start();
    });
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
  process->hub.stop();
  cut_off();
  threads.stop();
  // A write still under way tells the workers of the change: it ends while they are there.
  process->stop_pools();
  housekeeping.finish();
  log().info("stopped", {});
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::open(Loaded loaded) {
  // Writing then fails instead, which the log and the store tell.
  for (const int sent : {SIGPIPE, SIGXFSZ}) std::signal(sent, SIG_IGN);
  give_back_freed_memory(cores());
  auto process = open_process(loaded.config);
  if (!process) return process.error();
  auto& log = *(*process)->log;
  for (const auto& warning : loaded.config.warnings) log.warning("unsafe_configuration", {{"what", warning}});
  for (const auto& advice : loaded.advice.all()) {
    log.warning("configuration_advice", {{"at", config::to_string(advice.at)}, {"what", advice.what}});
  }
  auto impl = std::make_unique<Impl>(std::move(*process));
  if (auto open = impl->open(std::move(loaded)); !open) return open.error();
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Result<std::unique_ptr<Gateway>> Gateway::start(Loaded loaded) {
  // Threads and event loops throw where a limit of the system is reached, which is not a bug.
  const auto refused = [](const std::exception& error) {
    return fail(Errc::unavailable, std::string("the system does not give the gateway what it needs to start (") +
                                       error.what() +
                                       "): raise its limits of threads and open files, such as ulimit -u, ulimit -n, "
                                       "TasksMax or pids.max");
  };
  try {
    return open(std::move(loaded));
  } catch (const std::system_error& error) {
    return refused(error);
  } catch (const boost::system::system_error& error) {
    return refused(error);
  }
}

std::size_t Gateway::run() {
  impl_->log().info("started", {{"listeners", impl_->addresses.size()}, {"workers", impl_->workers.size()}});
  impl_->run();
  return impl_->log().close();
}

std::vector<std::string> Gateway::addresses() const { return impl_->addresses.names(); }

}  // namespace postern::app
