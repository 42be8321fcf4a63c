#include "server/router.hpp"

#include "http/url.hpp"
#include "web/pages.hpp"

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
    case RouteKind::provider_metadata: return "provider_metadata";
    case RouteKind::authorize: return "authorize";
    case RouteKind::token: return "token";
    case RouteKind::register_client: return "register";
    case RouteKind::revoke: return "revoke";
    case RouteKind::introspect: return "introspect";
    case RouteKind::jwks: return "jwks";
    case RouteKind::login: return "login";
    case RouteKind::logout: return "logout";
    case RouteKind::callback: return "callback";
    case RouteKind::login_return: return "login_return";
  }
  return "unknown";
}

Router::Router(const tenant::Catalog& catalog, const config::Config& config) {
  const bool elsewhere = !config.identity.providers.empty();
  for (const auto& server : config.authorization_servers) add_server(server, elsewhere);
  for (const auto& resource : catalog.resources()) add_resource(resource);
  if (const auto callback = http::parse_url(config.identity.callback)) {
    add(callback->origin(), callback->path, Route{RouteKind::callback, "GET", nullptr, nullptr});
  }
}

void Router::add(const std::string& origin, const std::string& path, const Route& route) {
  origins_[origin].try_emplace(path, route);
}

void Router::add_server(const config::AuthorizationServer& server, bool elsewhere) {
  if (server.external) return;  // none of its addresses is ours
  const auto issuer = http::parse_url(server.issuer);
  if (!issuer) return;
  const auto origin = issuer->origin();
  const auto path = issuer->path == "/" ? std::string() : issuer->path;
  const auto route = [&](RouteKind kind, std::string_view methods) { return Route{kind, methods, nullptr, &server}; };

  // RFC 8414 section 3.1 inserts the well-known part before the issuer's path; OpenID Connect Discovery 1.0 section 4
  // appends it; MCP clients try both positions for both names but the last.
  const auto metadata = route(RouteKind::server_metadata, "GET, HEAD, OPTIONS");
  add(origin, "/.well-known/oauth-authorization-server" + path, metadata);
  add(origin, "/.well-known/openid-configuration" + path, metadata);
  add(origin, path + "/.well-known/openid-configuration", metadata);

  add(origin, server.endpoints.authorize, route(RouteKind::authorize, "GET, POST"));
  add(origin, server.endpoints.token, route(RouteKind::token, "POST, OPTIONS"));
  if (server.registration.open) {
    add(origin, server.endpoints.register_, route(RouteKind::register_client, "POST, OPTIONS"));
  }
  add(origin, server.endpoints.revoke, route(RouteKind::revoke, "POST, OPTIONS"));
  add(origin, server.endpoints.introspect, route(RouteKind::introspect, "POST"));
  if (server.access_token.format == config::TokenFormat::jwt) {
    add(origin, server.endpoints.jwks, route(RouteKind::jwks, "GET, HEAD, OPTIONS"));
  }
  add(origin, "/login", route(RouteKind::login, "GET, POST"));
  add(origin, "/logout", route(RouteKind::logout, "GET, POST"));
  if (elsewhere) add(origin, std::string(web::kReturnPath), route(RouteKind::login_return, "GET"));
}

void Router::add_resource(const tenant::Resource& resource) {
  const Route mcp{RouteKind::resource, "GET, POST, DELETE, OPTIONS", &resource, nullptr};
  const Route metadata{RouteKind::resource_metadata, "GET, HEAD, OPTIONS", &resource, nullptr};
  add(resource.origin, std::string(without_trailing_slash(resource.path)), mcp);
  add(resource.origin, resource.metadata_path, metadata);
  if (resource.upstream->sse) {
    const Route messages{RouteKind::messages, "POST, OPTIONS", &resource, nullptr};
    add(resource.origin, messages_path(resource), messages);
  }
  if (resource.server->external) {
    const Route provider{RouteKind::provider_metadata, "GET, HEAD, OPTIONS", nullptr, resource.server};
    add(resource.origin, "/.well-known/openid-configuration", provider);
  }
  if (resource.root_metadata) add(resource.origin, "/.well-known/oauth-protected-resource", metadata);
}

bool Router::serves(bool secure, std::string_view authority) const {
  return origins_.find(origin_of(secure, authority)) != origins_.end();
}

const Route* Router::find(bool secure, std::string_view authority, std::string_view path) const {
  const auto origin = origins_.find(origin_of(secure, authority));
  if (origin == origins_.end()) return nullptr;
  if (const auto route = origin->second.find(path); route != origin->second.end()) return &route->second;
  // Clients append or drop the slash; a redirect would lose the body, so both are the resource.
  const auto shorter = without_trailing_slash(path);
  if (shorter.size() == path.size() || shorter.ends_with('/')) return nullptr;
  const auto route = origin->second.find(shorter);
  const bool bare = route != origin->second.end() &&
                    (route->second.kind == RouteKind::resource || route->second.kind == RouteKind::resource_metadata);
  return bare ? &route->second : nullptr;
}

}  // namespace postern::server
