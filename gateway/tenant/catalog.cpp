#include "tenant/catalog.hpp"

#include <algorithm>
#include <stdexcept>

#include "http/url.hpp"

namespace postern::tenant {
namespace {

constexpr std::string_view kMetadataPrefix = "/.well-known/oauth-protected-resource";

std::string_view without_trailing_slash(std::string_view path) noexcept {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

template <class T>
const T* named(const std::vector<T>& things, std::string_view name) noexcept {
  const auto found = std::ranges::find(things, name, &T::name);
  return found == things.end() ? nullptr : &*found;
}

[[noreturn]] void unchecked(const config::Resource& entry, const char* part) {
  throw std::logic_error("resource " + entry.serve + ": its " + part + " was not checked");
}

Resource make_resource(const config::Resource& entry, const config::Config& config, const Catalog::Policies& policies) {
  const auto url = http::parse_url(entry.serve);
  const auto canonical = http::canonical_resource(entry.serve);
  if (!url || !canonical) unchecked(entry, "address");

  Resource resource;
  resource.url = url->to_string();
  resource.canonical = *canonical;
  resource.origin = url->origin();
  resource.authority = resource.origin.substr(url->scheme.size() + 3);
  resource.path = url->path.empty() ? "/" : url->path;
  resource.fixed_tenant = entry.tenant;
  // RFC 9728 section 3.1: the well-known part stands between host and path; a path of "/" alone is dropped.
  resource.metadata_path = std::string(kMetadataPrefix) + std::string(without_trailing_slash(resource.path));
  resource.metadata_url = resource.origin + resource.metadata_path;
  resource.root_metadata = entry.root;

  resource.upstream = named(config.upstreams, entry.upstream);
  if (resource.upstream == nullptr) unchecked(entry, "upstream");
  resource.server = named(config.authorization_servers, entry.authorization_server);
  if (resource.server == nullptr) unchecked(entry, "authorization server");
  const auto policy = policies.find(entry.policy);
  if (policy == policies.end()) unchecked(entry, "policy");
  resource.policy = policy->second;
  resource.name = entry.name.empty() ? entry.upstream : entry.name;
  return resource;
}

}  // namespace

Catalog::Catalog(const config::Config& config, const Policies& policies) {
  resources_.reserve(config.resources.size());
  for (const config::Resource& entry : config.resources) {
    resources_.push_back(make_resource(entry, config, policies));
    const Resource& added = resources_.back();
    const std::size_t index = resources_.size() - 1;
    by_address_[added.authority].emplace(without_trailing_slash(added.path), index);
    by_canonical_.emplace(added.canonical, index);
  }
  for (Resource& resource : resources_) {
    if (by_address_[resource.authority].size() == 1) resource.root_metadata = true;
  }
}

const Resource* Catalog::at(std::string_view authority, std::string_view path) const noexcept {
  const auto host = by_address_.find(authority);
  if (host == by_address_.end()) return nullptr;
  const auto found = host->second.find(without_trailing_slash(path));
  return found == host->second.end() ? nullptr : &resources_[found->second];
}

const Resource* Catalog::by_indicator(std::string_view indicator) const {
  const auto canonical = http::canonical_resource(indicator);
  return canonical ? by_canonical(*canonical) : nullptr;
}

const Resource* Catalog::by_canonical(std::string_view canonical) const noexcept {
  const auto found = by_canonical_.find(canonical);
  return found == by_canonical_.end() ? nullptr : &resources_[found->second];
}

const Resource* Catalog::default_of(const config::AuthorizationServer& server) const noexcept {
  const Resource* only = nullptr;
  for (const Resource& resource : resources_) {
    if (resource.server->name != server.name) continue;
    if (only != nullptr) return nullptr;
    only = &resource;
  }
  return only;
}

std::vector<std::string> Catalog::scopes_of(const config::AuthorizationServer& server) const {
  std::vector<std::string> scopes;
  for (const Resource& resource : resources_) {
    if (resource.server->name != server.name) continue;
    for (const auto& [scope, text] : resource.policy->scopes()) {
      if (std::ranges::find(scopes, scope) == scopes.end()) scopes.push_back(scope);
    }
  }
  return scopes;
}

}  // namespace postern::tenant
