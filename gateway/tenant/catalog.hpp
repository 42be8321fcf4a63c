#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "policy/policy.hpp"

namespace postern::tenant {

// A protected MCP URL clients connect to (RFC 9728), ready for use. The pointers live as long as the catalog.
struct Resource {
  std::string url;        // as published: what clients compare with what was typed
  std::string canonical;  // how grants and tokens name it
  std::string origin;     // scheme://authority
  std::string authority;  // canonical Host value
  std::string path;
  std::string name;            // shown to people
  std::string fixed_tenant;    // empty: the user picks one
  std::string metadata_path;   // /.well-known/oauth-protected-resource<path>
  std::string metadata_url;    // absolute
  bool root_metadata = false;  // its metadata answers at the host's root as well
  std::shared_ptr<const policy::Policy> policy;
  const config::Upstream* upstream = nullptr;
  const config::AuthorizationServer* server = nullptr;
};

// All resources and authorization servers of a configuration, by address. Immutable; thread-safe.
class Catalog {
 public:
  using Policies = std::map<std::string, std::shared_ptr<const policy::Policy>, std::less<>>;

  // `config` must outlive the catalog. Policies, upstreams, servers and addresses were checked before: a resource whose
  // parts cannot be found is a bug (std::logic_error).
  Catalog(const config::Config& config, const Policies& policies);

  const std::vector<Resource>& resources() const noexcept { return resources_; }
  // By canonical Host value and path; one trailing slash of the path is ignored.
  const Resource* at(std::string_view authority, std::string_view path) const noexcept;
  // By what a client sent as `resource` (RFC 8707), compared canonically. nullptr: unknown.
  const Resource* by_indicator(std::string_view indicator) const;
  const Resource* by_canonical(std::string_view canonical) const noexcept;
  // What a request without `resource` means (clients before RFC 8707): the only resource of that server, or nullptr.
  const Resource* default_of(const config::AuthorizationServer& server) const noexcept;
  // Scopes of all resources of that server, each once, in order.
  std::vector<std::string> scopes_of(const config::AuthorizationServer& server) const;

 private:
  using Index = std::map<std::string, std::size_t, std::less<>>;

  std::vector<Resource> resources_;
  std::map<std::string, Index, std::less<>> by_address_;  // authority, then path without its trailing slash
  Index by_canonical_;
};

}  // namespace postern::tenant
