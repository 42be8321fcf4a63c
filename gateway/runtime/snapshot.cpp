#include "runtime/snapshot.hpp"

#include "runtime/services.hpp"

namespace postern::runtime {

Snapshot::Snapshot(config::Config config, const Policies& policies, Services& services)
    : services_(services),
      config_(std::move(config)),
      catalog_(config_, policies),
      directory_(config_, services.store),
      verifier_(services.store, directory_),
      router_(catalog_, config_),
      edge_{config_.limits, edge::TrustedProxies(config_.trusted_proxies, config_.client_ip_header)},
      page_seal_(services.consent_seal) {
  for (const auto& upstream : config_.upstreams) {
    auto& templates = headers_[upstream.name];
    for (const auto& [name, value] : upstream.headers) templates.push_back({name, HeaderTemplate(value)});
  }
  for (const auto& resource : catalog_.resources()) {
    metrics_.emplace(resource->serve, &services.metrics.resource(resource->serve));
  }
}

oauth::Context Snapshot::oauth(const config::AuthorizationServer& server, store::Facets& store,
                               oauth::ForeignDocuments& documents, telemetry::Log& log) const {
  return {server,
          catalog_,
          directory_,
          store,
          services_.consent_seal,
          services_.clock,
          log,
          services_.signing_keys,
          &documents,
          nullptr,
          nullptr,
          config_.limits.unused_clients,
          &services_.metrics};
}

bool Snapshot::origin_allowed(const tenant::Resource& resource, std::string_view origin) const {
  if (origin == resource.origin) return true;
  for (const auto& allowed : config_.origins) {
    if (origin == allowed) return true;
  }
  return false;
}

}  // namespace postern::runtime
