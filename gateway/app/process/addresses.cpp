#include "app/process/addresses.hpp"

#include <utility>

namespace postern::app {
namespace {

std::vector<net::CertificateFiles> files_of(const config::Listener& listener) {
  std::vector<net::CertificateFiles> files;
  for (const auto& each : listener.certificates) files.push_back({each.certificate, each.key});
  return files;
}

}  // namespace

Result<Addresses::Address> Addresses::prepare(const config::Listener& settings) {
  Address address{.settings = settings, .tls = nullptr, .watch = nullptr, .port = settings.port};
  if (settings.certificates.empty()) return address;
  auto tls = net::TlsServer::load(files_of(settings));
  if (!tls) return tls.error();
  address.tls = std::make_shared<edge::TlsSlot>(std::move(*tls));
  address.watch = std::make_unique<net::CertificateWatch>(files_of(settings));
  return address;
}

Result<void> Addresses::listen(Address& address, ServingWorker& serving, net::Acceptor::Place place) {
  const auto& settings = address.settings;
  auto acceptor = net::Acceptor::listen(serving.worker.io(), settings.host, address.port, place);
  if (!acceptor) return acceptor.error();
  address.port = (*acceptor)->port();  // of port 0 the first decides for all
  const edge::ListenerInfo info{.serve = settings.serve, .secure = address.tls != nullptr || settings.behind_proxy};
  serving.listeners.push_back(std::make_unique<edge::Listener>(std::move(*acceptor), info, address.tls,
                                                               serving.worker.connections(), serving.handler));
  return {};
}

Result<void> Addresses::bind(const std::vector<config::Listener>& listeners, ServingWorkers& workers) {
  for (const auto& settings : listeners) {
    auto address = prepare(settings);
    if (!address) return address.error();
    auto place = net::Acceptor::Place::first;
    for (auto& serving : workers) {
      if (auto bound = listen(*address, *serving, place); !bound) return bound;
      place = net::Acceptor::Place::joining;
    }
    addresses_.push_back(std::move(*address));
  }
  return {};
}

void Addresses::reload_certificates(telemetry::Log& log) {
  for (auto& address : addresses_) {
    if (!address.watch || !address.watch->changed()) continue;
    auto tls = net::TlsServer::load(files_of(address.settings));
    if (!tls) {
      log.error("certificates_not_reloaded", {{"what", tls.error().what}});
      continue;
    }
    address.tls->set(std::move(*tls));
    log.info("certificates_reloaded", {{"port", address.port}});
  }
}

std::vector<std::string> Addresses::names() const {
  std::vector<std::string> names;
  for (const auto& address : addresses_) {
    const auto& host = address.settings.host;
    const bool v6 = host.find(':') != std::string::npos;
    names.push_back((v6 ? "[" + host + "]" : host) + ":" + std::to_string(address.port));
  }
  return names;
}

}  // namespace postern::app
