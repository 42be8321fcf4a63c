#include "app/loading/advice.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "app/loading/certificate_advice.hpp"
#include "config/address_template.hpp"
#include "config/forms.hpp"
#include "http/url/url.hpp"
#include "http/url/url_port.hpp"
#include "store/store.hpp"
#include "telemetry/sink.hpp"
#include "tenant/address_table.hpp"

namespace postern::app {
namespace {

using config::Config;
using config::Faults;
using config::Position;

// Set by Kubernetes in every container.
constexpr auto* kInsideAPod = "KUBERNETES_SERVICE_HOST";

void advise_on_unused(const Loaded& loaded, Faults& advice) {
  const auto& config = loaded.config;
  if (config.resources.empty()) {
    advice.add({config.file, 1, 1},
               "there is no resource, so no MCP server is served: add `resources` with `serve` and `upstream`");
    return;
  }
  const auto look_at = [&](std::string_view what, const std::string& name, const Position& at,
                           std::string config::Resource::* key) {
    if (std::ranges::find(config.resources, name, key) != config.resources.end()) return;
    advice.add(at,
               "no resource uses the " + std::string(what) + " `" + name + "`: name it in a resource, or remove it");
  };
  for (const auto& [name, at] : loaded.policy_files) look_at("policy", name, at, &config::Resource::policy);
  for (const auto& upstream : config.upstreams) {
    look_at("upstream", upstream.name, upstream.at, &config::Resource::upstream);
  }
  for (const auto& server : config.authorization_servers) {
    look_at("authorization server", server.name, server.at, &config::Resource::authorization_server);
  }
}

void advise_on_rules(const runtime::Policies& policies, Faults& advice) {
  for (const auto& [name, policy] : policies) {
    for (const auto& fault : policy->unreachable()) advice.add(fault.at, fault.what);
  }
}

using Served = tenant::AddressTable<Position>;

Served addresses_of(const Config& config) {
  Served table;
  for (const auto& resource : config.resources) {
    const auto parts = config::address_parts(resource.serve);
    if (!parts) continue;
    const bool slash = parts->path.ends_with('/');
    table.add(parts->origin, slash ? parts->path.substr(0, parts->path.size() - 1) : parts->path, resource.at);
  }
  return table;
}

// Whether the listener takes connections to that host, as far as the host tells without a look-up.
bool is_taken_by(const config::Listener& listener, const http::Url& url) {
  const bool v6 = url.host.starts_with('[');
  const auto host = v6 ? url.host.substr(1, url.host.size() - 2) : url.host;
  if (host == listener.host) return true;
  const bool wildcard = config::is_wildcard_address(listener.host);
  if (host == "localhost") return wildcard || config::is_loopback_address(listener.host);
  return wildcard && url.is_loopback() && v6 == (listener.host.find(':') != std::string::npos);
}

std::optional<Position> itself_at(const Config& config, const Served& served, const http::Url& url) {
  const auto port = http::port_of(url);
  for (const auto& listener : config.listen) {
    if (listener.port == port && is_taken_by(listener, url)) return listener.at;
  }
  const auto path = url.path.ends_with('/') ? url.path.substr(0, url.path.size() - 1) : url.path;
  const auto found = served.find(url.origin(), path);
  return found ? std::optional(*found->value) : std::nullopt;
}

void advise_on_circles(const Config& config, Faults& advice) {
  const auto served = addresses_of(config);
  for (const auto& upstream : config.upstreams) {
    for (const auto& written : upstream.urls) {
      const auto url = http::parse_url(written);
      const auto at = url ? itself_at(config, served, *url) : std::nullopt;
      if (!at) continue;
      advice.add(upstream.at, "the upstream `" + upstream.name + "` is at " + url->origin() + url->path +
                                  ", which is this gateway itself (" + to_string(*at) +
                                  "): give the address of the MCP server behind it");
    }
  }
}

// In a pod such an address is the pod's own, and kubelet and Prometheus come from outside it.
void advise_on_operations(const Config& config, const config::Sources& sources, Faults& advice) {
  if (sources.variable(kInsideAPod)) return;
  for (const auto& listener : config.listen) {
    const bool plain = listener.serve == config::Serve::operations && listener.certificates.empty();
    if (!plain || !config::is_wildcard_address(listener.host)) continue;
    advice.add(
        listener.at,
        "`serve: operations` is in plaintext on every address of this machine, so that everybody who reaches one of "
        "them can read /metrics. Bind it to 127.0.0.1 or to a private address");
  }
}

// No fault: on another machine, or for another user, the answer may differ.
void advise_on_written_files(const Config& config, Faults& advice) {
  if (const auto found = store::check_store(config.store); !found)
    advice.add(config.store_at, "the store cannot be opened here: " + found.error().what);
  for (const auto& [file, at] :
       {std::pair(&config.log.file, &config.log.file_at), std::pair(&config.log.audit, &config.log.audit_at)}) {
    if (file->empty()) continue;
    if (const auto found = telemetry::Sink::check(*file); !found) advice.add(*at, found.error().what);
  }
}

}  // namespace

Faults advice_on(const Loaded& loaded, const config::Sources& sources, Time now) {
  Faults advice;
  advise_on_written_files(loaded.config, advice);
  advise_on_certificates(loaded.config, now, advice);
  advise_on_circles(loaded.config, advice);
  advise_on_operations(loaded.config, sources, advice);
  advise_on_unused(loaded, advice);
  advise_on_rules(loaded.policies, advice);
  return advice;
}

}  // namespace postern::app
