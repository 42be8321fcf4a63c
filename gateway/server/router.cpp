#include "server/router.hpp"

#include "config/address_template.hpp"

namespace postern::server {
namespace {

std::string origin_of(bool secure, std::string_view authority) {
  return (secure ? "https://" : "http://") + std::string(authority);
}

// The root's own slash stays.
std::string_view without_trailing_slash(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

std::string messages_path(const tenant::Resource& resource) {
  const auto path = without_trailing_slash(resource.path);
  return (path == "/" ? std::string() : std::string(path)) + std::string(config::kMessagesPath);
}

std::string_view to_string(RouteKind kind) noexcept {
  switch (kind) {
    case RouteKind::resource: return "resource";
    case RouteKind::messages: return "messages";
    case RouteKind::resource_metadata: return "resource_metadata";
    case RouteKind::server_metadata: return "server_metadata";
    case RouteKind::authorize: return "authorize";
    case RouteKind::token: return "token";
    case RouteKind::register_client: return "register";
    case RouteKind::revoke: return "revoke";
    case RouteKind::introspect: return "introspect";
    case RouteKind::jwks: return "jwks";
    case RouteKind::login: return "login";
    case RouteKind::logout: return "logout";
    case RouteKind::account_apps: return "account_apps";
    case RouteKind::account_endpoints: return "account_endpoints";
    case RouteKind::account_tokens: return "account_tokens";
  }
  return "unknown";
}

Router::Router(const tenant::Catalog& catalog) {
  for (const auto& server : catalog.servers()) add_server(server);
  for (const auto& resource : catalog.resources()) add_resource(resource);
}

void Router::add_server(const tenant::ServerPtr& server) {
  const auto issuer = config::address_parts(server->issuer);
  if (!issuer) return;
  const auto& path = issuer->path;
  const auto add = [&](const std::string& at, RouteKind kind, std::string_view methods) {
    routes_.add(issuer->origin, at, Route{kind, methods, nullptr, server});
  };

  // RFC 8414 section 3.1 inserts the well-known part before the issuer's path; OpenID Connect Discovery 1.0 section 4
  // appends it; MCP clients try both positions for both names but the last.
  for (const auto& at : {"/.well-known/oauth-authorization-server" + path, "/.well-known/openid-configuration" + path,
                         path + "/.well-known/openid-configuration"}) {
    add(at, RouteKind::server_metadata, "GET, HEAD, OPTIONS");
  }
  const auto& endpoints = server->endpoints;
  add(endpoints.authorize, RouteKind::authorize, "GET, POST");
  add(endpoints.token, RouteKind::token, "POST, OPTIONS");
  if (server->registration.open) add(endpoints.register_, RouteKind::register_client, "POST, OPTIONS");
  add(endpoints.revoke, RouteKind::revoke, "POST, OPTIONS");
  add(endpoints.introspect, RouteKind::introspect, "POST");
  if (server->access_token.format == config::TokenFormat::jwt) {
    add(endpoints.jwks, RouteKind::jwks, "GET, HEAD, OPTIONS");
  }
  add("/login", RouteKind::login, "GET, POST");
  add("/logout", RouteKind::logout, "GET, POST");
  add("/account/apps", RouteKind::account_apps, "GET, POST");
  add("/account/endpoints", RouteKind::account_endpoints, "GET, POST");
  add("/account/tokens", RouteKind::account_tokens, "GET, POST");
}

void Router::add_resource(const tenant::ResourcePtr& resource) {
  const auto add = [&](const std::string& at, RouteKind kind, std::string_view methods) {
    routes_.add(resource->origin, at, Route{kind, methods, resource, nullptr});
  };
  add(std::string(without_trailing_slash(resource->path)), RouteKind::resource, "GET, POST, DELETE, OPTIONS");
  add(resource->metadata_path, RouteKind::resource_metadata, "GET, HEAD, OPTIONS");
  if (resource->upstream->sse) add(messages_path(*resource), RouteKind::messages, "POST, OPTIONS");
  if (resource->root_metadata) {
    add("/.well-known/oauth-protected-resource", RouteKind::resource_metadata, "GET, HEAD, OPTIONS");
  }
}

bool Router::serves(bool secure, std::string_view authority) const {
  return routes_.serves(origin_of(secure, authority));
}

std::optional<Route> Router::find(bool secure, std::string_view authority, std::string_view path) const {
  const auto origin = origin_of(secure, authority);
  auto match = routes_.find(origin, path);
  if (!match) {
    // Clients append or drop the slash; a redirect would lose the body, so both are the resource.
    const auto shorter = without_trailing_slash(path);
    if (shorter.size() == path.size() || shorter.ends_with('/')) return std::nullopt;
    match = routes_.find(origin, shorter);
    if (!match || match->value->resource == nullptr || match->value->kind == RouteKind::messages) return std::nullopt;
  }
  Route route = *match->value;
  if (route.resource) route.resource = tenant::for_tenant(route.resource, match->handle);
  if (route.server) route.server = tenant::for_tenant(route.server, match->handle);
  return route;
}

}  // namespace postern::server
