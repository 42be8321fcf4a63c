#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "policy/policy.hpp"
#include "tenant/address_table.hpp"

namespace postern::tenant {

using ServerPtr = std::shared_ptr<const config::AuthorizationServer>;

// A protected MCP URL clients connect to (RFC 9728), ready for use. Its addresses may hold `{tenant}`: then it is one
// for each tenant, and for_tenant() makes it that of one. `upstream` lives as long as the catalog.
struct Resource {
  std::string serve;      // as the configuration has it: what metrics call it
  std::string url;        // as published: what clients compare with what was typed
  std::string canonical;  // how grants and tokens name it: all addresses that are one resource share it
  std::string pattern;    // the same with `{tenant}` left in: that of all tenants
  std::string origin;     // scheme://authority
  std::string authority;  // canonical Host value
  std::string path;
  std::string name;            // shown to people
  std::string fixed_tenant;    // handle; empty: the user picks one
  std::string metadata_path;   // /.well-known/oauth-protected-resource<path>
  std::string metadata_url;    // absolute
  bool root_metadata = false;  // its metadata answers at the host's root as well
  bool manual_tokens = false;
  bool rest = false;            // its tools as REST at the origin's root
  bool public_openapi = false;  // their document without a token
  config::Denials denials = config::Denials::jsonrpc;
  std::shared_ptr<const policy::Policy> policy;
  const config::Upstream* upstream = nullptr;
  ServerPtr server;
};
using ResourcePtr = std::shared_ptr<const Resource>;

// That of one tenant: the same where nothing is to be filled in.
ResourcePtr for_tenant(const ResourcePtr& resource, std::string_view handle);
ServerPtr for_tenant(const ServerPtr& server, std::string_view handle);

// All resources and authorization servers of a configuration, by address. Immutable; thread-safe.
class Catalog {
 public:
  using Policies = std::map<std::string, std::shared_ptr<const policy::Policy>, std::less<>>;

  // `config` must outlive the catalog. Policies, upstreams, servers and addresses were checked before: a resource whose
  // parts cannot be found is a bug (std::logic_error).
  Catalog(const config::Config& config, const Policies& policies);

  // As configured: their addresses may hold `{tenant}`.
  const std::vector<ResourcePtr>& resources() const noexcept { return resources_; }
  const std::vector<ServerPtr>& servers() const noexcept { return servers_; }
  // By what a client sent as `resource` (RFC 8707), compared canonically. nullptr: unknown.
  ResourcePtr by_indicator(std::string_view indicator) const;
  ResourcePtr by_canonical(std::string_view canonical) const;
  // By an address of the configuration, with `{tenant}` where that has it. nullptr: unknown.
  ResourcePtr by_template(std::string_view address) const;
  // What a request without `resource` means (clients before RFC 8707): the only resource of that server, or nullptr.
  ResourcePtr default_of(const config::AuthorizationServer& server) const;
  // Whether a tenant with that plan has something to ask that server for.
  bool serves_plan(const config::AuthorizationServer& server, std::string_view plan) const noexcept;
  // Scopes of all resources of that server, each once, in order.
  std::vector<std::string> scopes_of(const config::AuthorizationServer& server) const;

 private:
  std::vector<ServerPtr> servers_;
  std::vector<ResourcePtr> resources_;
  AddressTable<ResourcePtr> by_address_;    // paths without their trailing slash
  AddressTable<ResourcePtr> by_canonical_;  // without the further addresses
};

}  // namespace postern::tenant
