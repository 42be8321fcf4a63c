#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "authn/verifier.hpp"
#include "config/config.hpp"
#include "edge/settings.hpp"
#include "oauth/context.hpp"
#include "policy/policy.hpp"
#include "runtime/fetchers.hpp"
#include "runtime/header_template.hpp"
#include "runtime/router.hpp"
#include "runtime/services.hpp"
#include "runtime/upstream_factory.hpp"
#include "telemetry/metrics.hpp"
#include "tenant/catalog.hpp"
#include "tenant/directory.hpp"

namespace postern::runtime {

using Policies = std::map<std::string, std::shared_ptr<const policy::Policy>, std::less<>>;

// What a generation is made of; app/ makes it from a configuration that was checked.
struct GenerationParts {
  config::Config config;
  Policies policies;
  std::shared_ptr<UpstreamFactory> upstreams;
  std::shared_ptr<Fetchers> fetchers;
};

// A configuration made ready to serve. Immutable and pinned by every request under way, so that a request ends with
// the configuration it began with. Thread-safe.
class Generation {
 public:
  // The services must outlive it.
  Generation(GenerationParts parts, Services& services);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  const config::Config& config() const noexcept { return config_; }
  const Router& router() const noexcept { return router_; }
  const tenant::Catalog& catalog() const noexcept { return catalog_; }
  const tenant::Directory& directory() const noexcept { return directory_; }
  const authn::Verifier& verifier() const noexcept { return verifier_; }
  const crypto::Aead& page_seal() const noexcept { return page_seal_; }
  const edge::Settings& edge() const noexcept { return edge_; }
  const config::Limits& limits() const noexcept { return config_.limits; }
  // For reaching upstreams and fetching documents.
  UpstreamFactory& upstreams() const noexcept { return *upstreams_; }
  Fetchers& fetchers() const noexcept { return *fetchers_; }
  // Of a server of ours, for one request. All must outlive the context.
  oauth::Context oauth(const config::AuthorizationServer& server, store::Facets& store,
                       oauth::ForeignDocuments& documents, telemetry::Log& log) const;
  const std::vector<NamedTemplate>& headers(const std::string& upstream) const { return headers_.at(upstream); }
  telemetry::ResourceMetrics& metrics(const tenant::Resource& resource) const { return *metrics_.at(resource.serve); }
  // Whether pages of that origin (RFC 6454) may call the resource: its own and the configured ones.
  bool origin_allowed(const tenant::Resource& resource, std::string_view origin) const;

 private:
  Services& services_;
  config::Config config_;
  std::shared_ptr<UpstreamFactory> upstreams_;
  std::shared_ptr<Fetchers> fetchers_;
  tenant::Catalog catalog_;
  tenant::Directory directory_;
  authn::Verifier verifier_;
  Router router_;
  edge::Settings edge_;
  const crypto::Aead& page_seal_;
  std::map<std::string, std::vector<NamedTemplate>> headers_;
  std::map<std::string, telemetry::ResourceMetrics*> metrics_;
};

}  // namespace postern::runtime
