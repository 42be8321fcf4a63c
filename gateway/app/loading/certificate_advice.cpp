#include "app/loading/certificate_advice.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "config/address_template.hpp"
#include "http/url/url.hpp"
#include "http/url/url_port.hpp"
#include "net/tls/certificate.hpp"

namespace postern::app {
namespace {

// A listener that terminates TLS, with those of its certificates that can be read.
struct Secure {
  std::uint16_t port = 0;
  std::vector<net::CertificateChain> chains;
};

void advise_on_validity(const std::string& file, const net::CertificateChain& chain, const config::Position& at,
                        Time now, config::Faults& advice) {
  constexpr auto day = std::chrono::hours(24);
  if (now >= chain.not_after()) {
    advice.add(at, "the certificate in " + file + " expired on " + date_of(chain.not_after()) +
                       ", so that clients refuse the connection: renew it");
  } else if (now < chain.not_before()) {
    advice.add(at, "the certificate in " + file + " is not valid before " + date_of(chain.not_before()) +
                       ": check the clock of this machine, or use another certificate");
  } else if (chain.not_after() - now < kRenewalDays * day) {
    advice.add(at, "the certificate in " + file + " expires on " + date_of(chain.not_after()) + ", in less than " +
                       std::to_string((chain.not_after() - now) / day + 1) +
                       " day(s): renew it. The gateway takes the new file without a restart");
  }
}

std::vector<Secure> read_listeners(const config::Config& config, Time now, config::Faults& advice) {
  std::vector<Secure> all;
  for (const auto& listener : config.listen) {
    Secure secure{listener.port, {}};
    for (const auto& certificate : listener.certificates) {
      auto chain = net::CertificateChain::read(certificate.certificate);
      if (!chain) continue;
      advise_on_validity(certificate.certificate, *chain, certificate.at, now, advice);
      secure.chains.push_back(*std::move(chain));
    }
    if (listener.serve == config::Serve::gateway && !secure.chains.empty()) all.push_back(std::move(secure));
  }
  return all;
}

bool is_named(const std::vector<Secure>& listeners, const std::string& host, std::uint16_t port) {
  const auto at_port = [port](const Secure& each) { return each.port == port; };
  // A port that no listener has is mapped on the way, so any of the listeners may be the one.
  const bool mapped = std::ranges::none_of(listeners, at_port);
  return std::ranges::any_of(listeners, [&](const Secure& each) {
    return (mapped || at_port(each)) &&
           std::ranges::any_of(each.chains, [&](const auto& chain) { return chain.names(host); });
  });
}

// A host of this address that no certificate names. `{tenant}` stands for any handle; certificates for the hosts of the
// tenants in the configuration are enough.
std::optional<std::string> unnamed_host(const std::vector<Secure>& listeners, const config::Config& config,
                                        const std::string& address) {
  const auto unnamed = [&](const std::string& handle) -> std::optional<std::string> {
    const auto url = http::parse_url(config::with_tenant(address, handle));
    if (!url || url->scheme != "https" || is_named(listeners, url->host, http::port_of(*url))) return std::nullopt;
    return url->host;
  };
  const auto parts = config::address_parts(address);
  if (!parts || !config::holds_tenant(parts->origin)) return unnamed(config::stand_in_for(address));
  if (!unnamed(config::stand_in_for(address))) return std::nullopt;
  for (const auto& tenant : config.tenants) {
    if (auto host = unnamed(tenant.handle)) return host;
  }
  if (!config.tenants.empty()) return std::nullopt;
  return parts->origin.substr(parts->origin.find("://") + 3);
}

void advise_on_hosts(const config::Config& config, const std::vector<Secure>& listeners, config::Faults& advice) {
  std::set<std::string> told;
  const auto look_at = [&](const std::string& address, const config::Position& at) {
    const auto host = unnamed_host(listeners, config, address);
    if (!host || !told.insert(*host).second) return;
    advice.add(at, "no certificate of a listener names the host " + *host + " of `" + address +
                       "`, so that clients refuse the connection: add one that names it under `certificates`, or write "
                       "a host that they do name");
  };
  for (const auto& resource : config.resources) look_at(resource.serve, resource.at);
  for (const auto& server : config.authorization_servers) {
    if (!server.external) look_at(server.issuer, server.at);
  }
}

}  // namespace

void advise_on_certificates(const config::Config& config, Time now, config::Faults& advice) {
  const auto listeners = read_listeners(config, now, advice);
  // Where a proxy in front terminates TLS for some hosts, it is not known here for which.
  const bool proxied = std::ranges::any_of(config.listen, &config::Listener::behind_proxy);
  if (!listeners.empty() && !proxied) advise_on_hosts(config, listeners, advice);
  for (const auto& upstream : config.upstreams) {
    const auto& file = upstream.tls.certificate;
    if (file.empty()) continue;
    if (const auto chain = net::CertificateChain::read(file)) {
      advise_on_validity(file, *chain, upstream.tls.at, now, advice);
    }
  }
}

}  // namespace postern::app
