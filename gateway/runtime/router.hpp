#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tenant/catalog.hpp"

namespace postern::runtime {

enum class RouteKind : std::uint8_t {
  resource,              // MCP
  messages,              // what clients of MCP 2024-11-05 post, below such a resource
  resource_metadata,     // RFC 9728
  server_metadata,       // RFC 8414
  openid_configuration,  // OpenID Connect Discovery 1.0
  provider_metadata,     // what the provider says of itself, where tokens are made elsewhere
  authorize,
  token,
  register_client,
  revoke,
  introspect,
  jwks,
  login,
  logout,
  callback,       // where providers send users back to, whichever sign-in it was
  login_return,   // where that leads on to: the host where it was begun
  rest_tool,      // POST /tools/NAME of a resource with `rest: true`
  rest_openapi,   // its document
  rest_manifest,  // ai-plugin.json
  rest_health,
  account_apps,
  account_endpoints,
  account_tokens,
};

// The path label of metrics and logs: "token".
std::string_view to_string(RouteKind kind) noexcept;

// The pages of a signed-in user.
bool is_account_page(RouteKind kind) noexcept;
// Whether people see the answer in a browser; these too.
bool is_page(RouteKind kind) noexcept;
// Whether it is a use of a resource: MCP, or its tools as REST.
bool is_call(RouteKind kind) noexcept;

// Where clients of MCP 2024-11-05 post to.
std::string messages_path(const tenant::Resource& resource);

struct Route {
  RouteKind kind = RouteKind::resource;
  std::string_view methods;      // "GET, HEAD": of the Allow header
  tenant::ResourcePtr resource;  // of what belongs to a resource; once found, that of its tenant
  tenant::ServerPtr server;      // of the rest but callback, likewise
  std::string tool{};            // of rest_tool: its name
};

// Every address that is served, and nothing else: metadata documents are made from the same data. Whether the tenant of
// an address exists is for others to ask. Immutable; thread-safe.
class Router {
 public:
  Router(const tenant::Catalog& catalog, const config::Config& config);

  // `authority`: the canonical Host value. False: nothing at all is served there (421).
  bool serves(bool secure, std::string_view authority) const;
  // By exact path, but for tools, whose names are below their path; one trailing slash is ignored for resources.
  // nullopt: 404.
  std::optional<Route> find(bool secure, std::string_view authority, std::string_view path) const;

 private:
  void add_server(const tenant::ServerPtr& server, bool elsewhere);
  void add_resource(const tenant::ResourcePtr& resource);
  void add_callbacks(const config::Identity& identity);
  std::optional<Route> find_tool(const std::string& origin, std::string_view path) const;

  tenant::AddressTable<Route> routes_;
};

}  // namespace postern::runtime
