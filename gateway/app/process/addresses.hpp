#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "edge/listener/listener.hpp"
#include "net/tls/tls.hpp"
#include "runtime/worker.hpp"
#include "telemetry/log.hpp"

namespace postern::app {

// What one thread of the gateway runs: a worker, what answers its requests, and its share of each address. Members are
// constructed top to bottom and destroyed bottom to top: the worker's coroutines refer to the handler.
struct ServingWorker {
  ServingWorker(runtime::Services& services, edge::Places& places,
                std::shared_ptr<const runtime::Generation> generation)
      : worker(services, places, std::move(generation)) {}

  edge::Handler handler;
  runtime::Worker worker;
  std::vector<std::unique_ptr<edge::Listener>> listeners;
};

using ServingWorkers = std::vector<std::unique_ptr<ServingWorker>>;

// The addresses that are listened at, with their certificates. For the control thread.
class Addresses {
 public:
  // Has every worker listen at every address: the kernel spreads the connections. The error is a sentence.
  Result<void> bind(const std::vector<config::Listener>& listeners, ServingWorkers& workers);
  // Reloads certificates whose files have changed; on an error the previous ones stay in use.
  void reload_certificates(telemetry::Log& log);
  // host:port of each as it was bound, in the configuration's order.
  std::vector<std::string> names() const;
  std::size_t size() const noexcept { return addresses_.size(); }

 private:
  struct Address {
    config::Listener settings;
    std::shared_ptr<edge::TlsSlot> tls;
    std::unique_ptr<net::CertificateWatch> watch;
    std::uint16_t port = 0;
  };
  static Result<Address> prepare(const config::Listener& settings);
  static Result<void> listen(Address& address, ServingWorker& worker, net::Acceptor::Place place);

  std::vector<Address> addresses_;
};

}  // namespace postern::app
