#include "runtime/generation.hpp"

namespace postern::runtime {

Generation::Generation(GenerationParts parts, Services& services)
    : services_(services),
      config_(std::move(parts.config)),
      upstreams_(std::move(parts.upstreams)),
      fetchers_(std::move(parts.fetchers)),
      catalog_(config_, parts.policies),
      directory_(config_, services.store),
      verifier_(services.store, directory_),
      router_(catalog_, config_),
      edge_{.limits = config_.limits,
            .proxies = edge::TrustedProxies(config_.trusted_proxies, config_.client_ip_header)},
      page_seal_(services.seals.consent) {
  for (const auto& upstream : config_.upstreams) {
    auto& templates = headers_[upstream.name];
    for (const auto& [name, value] : upstream.headers) templates.push_back({name, HeaderTemplate(value)});
  }
  for (const auto& resource : catalog_.resources()) {
    metrics_.emplace(resource->serve, &services.metrics.resource(resource->serve));
  }
}

oauth::Context Generation::oauth(const config::AuthorizationServer& server, store::Facets& store,
                                 oauth::ForeignDocuments& documents, telemetry::Log& log) const {
  return {.server = server,
          .catalog = catalog_,
          .directory = directory_,
          .store = store,
          .seal = services_.seals.consent,
          .clock = services_.clock,
          .log = log,
          .keys = services_.signing_keys,
          .documents = &documents,
          .most_unused_clients = config_.limits.unused_clients,
          .metrics = &services_.metrics};
}

bool Generation::origin_allowed(const tenant::Resource& resource, std::string_view origin) const {
  if (origin == resource.origin) return true;
  for (const auto& allowed : config_.origins) {
    if (origin == allowed) return true;
  }
  return false;
}

}  // namespace postern::runtime
