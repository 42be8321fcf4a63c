#include "tenant/catalog.hpp"

#include <algorithm>
#include <stdexcept>

#include "http/url/url.hpp"

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

// A canonical address split where its host ends.
ResourcePtr found_at(const AddressTable<ResourcePtr>& table, std::string_view canonical) {
  const auto scheme = canonical.find("://");
  if (scheme == std::string_view::npos) return nullptr;
  const auto slash = std::min(canonical.find('/', scheme + 3), canonical.size());
  auto match = table.find(canonical.substr(0, slash), without_trailing_slash(canonical.substr(slash)));
  return match ? for_tenant(*match->value, match->handle) : nullptr;
}

// The canonical form of an address that may hold `{tenant}`.
std::optional<std::string> canonical_template(std::string_view address) {
  const auto handle = config::stand_in_for(address);
  auto canonical = http::canonical_resource(config::with_tenant(address, handle));
  if (!canonical || !config::holds_tenant(address)) return canonical;
  canonical->replace(canonical->find(handle), handle.size(), config::kTenantPart);
  return canonical;
}

ServerPtr server_of(const config::Resource& entry, const std::vector<ServerPtr>& servers) {
  const auto named = [&entry](const ServerPtr& server) { return server->name == entry.authorization_server; };
  const auto found = std::ranges::find_if(servers, named);
  if (found == servers.end()) unchecked(entry, "authorization server");
  return entry.tenant.empty() ? *found : for_tenant(*found, entry.tenant);
}

Resource make_resource(const config::Resource& entry, const config::Config& config, const Catalog::Policies& policies,
                       const std::vector<ServerPtr>& servers) {
  const auto parts = config::address_parts(entry.serve);
  auto canonical = canonical_template(entry.same_as.empty() ? entry.serve : entry.same_as);
  if (!parts || !canonical) unchecked(entry, "address");

  Resource resource;
  resource.serve = entry.serve;
  resource.url = parts->origin + parts->path;
  resource.pattern = resource.canonical = *std::move(canonical);
  resource.origin = parts->origin;
  resource.authority = parts->origin.substr(parts->origin.find("://") + 3);
  resource.path = parts->path.empty() ? "/" : parts->path;
  resource.fixed_tenant = entry.tenant;
  // RFC 9728 section 3.1: the well-known part stands between host and path; a path of "/" alone is dropped.
  resource.metadata_path = std::string(kMetadataPrefix) + std::string(without_trailing_slash(resource.path));
  resource.metadata_url = resource.origin + resource.metadata_path;
  resource.root_metadata = entry.root;
  resource.manual_tokens = entry.manual_tokens;
  resource.rest = entry.rest;
  resource.public_openapi = entry.public_openapi;
  resource.denials = entry.denials;

  resource.upstream = named(config.upstreams, entry.upstream);
  if (resource.upstream == nullptr) unchecked(entry, "upstream");
  resource.server = server_of(entry, servers);
  const auto policy = policies.find(entry.policy);
  if (policy == policies.end()) unchecked(entry, "policy");
  resource.policy = policy->second;
  resource.name = entry.name.empty() ? entry.upstream : entry.name;
  return resource;
}

// At a host's root there is room for one resource's metadata: the only one of a host has it without asking.
void give_roots(std::vector<Resource>& resources) {
  std::map<std::string_view, std::size_t> at_origin;
  for (const Resource& resource : resources) ++at_origin[resource.origin];
  for (Resource& resource : resources) {
    // One in the path is one for each tenant.
    if (at_origin[resource.origin] == 1 && !config::holds_tenant(resource.path)) resource.root_metadata = true;
  }
}

}  // namespace

ResourcePtr for_tenant(const ResourcePtr& resource, std::string_view handle) {
  if (!config::holds_tenant(resource->url)) return resource;
  auto filled = std::make_shared<Resource>(*resource);
  for (auto* text : {&filled->url, &filled->canonical, &filled->origin, &filled->authority, &filled->path,
                     &filled->metadata_path, &filled->metadata_url}) {
    *text = config::with_tenant(*text, handle);
  }
  filled->fixed_tenant = handle;
  filled->server = for_tenant(resource->server, handle);
  return filled;
}

ServerPtr for_tenant(const ServerPtr& server, std::string_view handle) {
  if (!config::holds_tenant(server->issuer)) return server;
  auto filled = std::make_shared<config::AuthorizationServer>(*server);
  auto& endpoints = filled->endpoints;
  for (auto* text : {&filled->issuer, &endpoints.authorize, &endpoints.token, &endpoints.register_, &endpoints.revoke,
                     &endpoints.introspect, &endpoints.jwks}) {
    *text = config::with_tenant(*text, handle);
  }
  filled->tenant = handle;
  return filled;
}

Catalog::Catalog(const config::Config& config, const Policies& policies) {
  for (const auto& server : config.authorization_servers) {
    servers_.push_back(std::make_shared<const config::AuthorizationServer>(server));
  }
  std::vector<Resource> made;
  for (const config::Resource& entry : config.resources)
    made.push_back(make_resource(entry, config, policies, servers_));
  give_roots(made);
  for (std::size_t i = 0; i < made.size(); ++i) {
    const auto added = std::make_shared<const Resource>(std::move(made[i]));
    const auto path = std::string(without_trailing_slash(added->path));
    resources_.push_back(added);
    by_address_.add(added->origin, path, added);
    if (config.resources[i].same_as.empty()) by_canonical_.add(added->origin, path, added);
  }
}

ResourcePtr Catalog::by_indicator(std::string_view indicator) const {
  const auto canonical = http::canonical_resource(indicator);
  return canonical ? found_at(by_address_, *canonical) : nullptr;
}

ResourcePtr Catalog::by_canonical(std::string_view canonical) const { return found_at(by_canonical_, canonical); }

ResourcePtr Catalog::by_template(std::string_view address) const {
  const auto wanted = canonical_template(address);
  if (!wanted) return nullptr;
  const auto found = std::ranges::find_if(
      resources_, [&](const ResourcePtr& resource) { return canonical_template(resource->serve) == wanted; });
  return found == resources_.end() ? nullptr : *found;
}

ResourcePtr Catalog::default_of(const config::AuthorizationServer& server) const {
  ResourcePtr only;
  for (const ResourcePtr& resource : resources_) {
    if (resource->server->name != server.name) continue;
    if (only && only->canonical != resource->canonical) return nullptr;
    if (!only) only = resource;
  }
  if (!only || !config::holds_tenant(only->url)) return only;
  return server.tenant.empty() ? nullptr : for_tenant(only, server.tenant);
}

bool Catalog::serves_plan(const config::AuthorizationServer& server, std::string_view plan) const noexcept {
  return std::ranges::any_of(resources_, [&](const ResourcePtr& resource) {
    return resource->server->name == server.name && resource->policy->includes_plan(plan);
  });
}

std::vector<std::string> Catalog::scopes_of(const config::AuthorizationServer& server) const {
  std::vector<std::string> scopes;
  for (const ResourcePtr& resource : resources_) {
    if (resource->server->name != server.name) continue;
    for (const auto& [scope, text] : resource->policy->scopes()) {
      if (std::ranges::find(scopes, scope) == scopes.end()) scopes.push_back(scope);
    }
  }
  return scopes;
}

}  // namespace postern::tenant
