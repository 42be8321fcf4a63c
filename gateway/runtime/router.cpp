#include "runtime/router.hpp"

#include "config/address_template.hpp"
#include "http/url/url.hpp"
#include "oauth/endpoints/endpoints.hpp"
#include "rest/openapi.hpp"
#include "web/pages.hpp"

namespace postern::runtime {
namespace {

constexpr std::string_view kDocumentMethods = "GET, HEAD, OPTIONS";

std::string origin_of(bool secure, std::string_view authority) {
  return (secure ? "https://" : "http://") + std::string(authority);
}

// The root's own slash stays.
std::string_view without_trailing_slash(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// Clients append or drop the slash of an address that people type.
bool forgives_slash(RouteKind kind) noexcept {
  return kind == RouteKind::resource || kind == RouteKind::resource_metadata;
}

}  // namespace

bool is_account_page(RouteKind kind) noexcept {
  return kind == RouteKind::account_apps || kind == RouteKind::account_endpoints || kind == RouteKind::account_tokens;
}

bool is_page(RouteKind kind) noexcept {
  if (is_account_page(kind)) return true;
  switch (kind) {
    case RouteKind::authorize:
    case RouteKind::login:
    case RouteKind::logout:
    case RouteKind::callback:
    case RouteKind::login_return: return true;
    default: return false;
  }
}

bool is_call(RouteKind kind) noexcept {
  switch (kind) {
    case RouteKind::resource:
    case RouteKind::messages:
    case RouteKind::rest_tool:
    case RouteKind::rest_openapi: return true;
    default: return false;
  }
}

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
    case RouteKind::openid_configuration: return "openid_configuration";
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
    case RouteKind::rest_tool: return "rest_tool";
    case RouteKind::rest_openapi: return "rest_openapi";
    case RouteKind::rest_manifest: return "rest_manifest";
    case RouteKind::rest_health: return "rest_health";
    case RouteKind::account_apps: return "account_apps";
    case RouteKind::account_endpoints: return "account_endpoints";
    case RouteKind::account_tokens: return "account_tokens";
  }
  return "unknown";
}

Router::Router(const tenant::Catalog& catalog, const config::Config& config) {
  const bool elsewhere = !config.identity.providers.empty();
  for (const auto& server : catalog.servers()) add_server(server, elsewhere);
  for (const auto& resource : catalog.resources()) add_resource(resource);
  add_callbacks(config.identity);
}

// One for all providers, or one for each.
void Router::add_callbacks(const config::Identity& identity) {
  for (const auto& provider : identity.providers) {
    const auto callback = http::parse_url(config::provider_callback(identity.callback, provider.name));
    if (!callback) continue;
    routes_.add(callback->origin(), callback->path, Route{RouteKind::callback, "GET", nullptr, nullptr});
  }
}

void Router::add_server(const tenant::ServerPtr& server, bool elsewhere) {
  if (server->external) return;  // none of its addresses is ours
  const auto issuer = config::address_parts(server->issuer);
  if (!issuer) return;
  const auto& path = issuer->path;
  const auto add = [&](const std::string& at, RouteKind kind, std::string_view methods) {
    routes_.add(issuer->origin, at, Route{kind, methods, nullptr, server});
  };

  // RFC 8414 section 3.1 inserts the well-known part before the issuer's path; OpenID Connect Discovery 1.0 section 4
  // appends it; MCP clients try both positions for both names but the last.
  add("/.well-known/oauth-authorization-server" + path, RouteKind::server_metadata, kDocumentMethods);
  for (const auto& at : {"/.well-known/openid-configuration" + path, path + "/.well-known/openid-configuration"}) {
    add(at, RouteKind::openid_configuration, kDocumentMethods);
  }
  const auto& endpoints = server->endpoints;
  add(endpoints.authorize, RouteKind::authorize, "GET, POST");
  add(endpoints.token, RouteKind::token, "POST, OPTIONS");
  if (server->registration.open) add(endpoints.register_, RouteKind::register_client, "POST, OPTIONS");
  add(endpoints.revoke, RouteKind::revoke, "POST, OPTIONS");
  add(endpoints.introspect, RouteKind::introspect, "POST");
  const bool signs = server->access_token.format == config::TokenFormat::jwt;
  add(signs ? endpoints.jwks : std::string(oauth::kNoKeysPath) + path, RouteKind::jwks, kDocumentMethods);
  add("/login", RouteKind::login, "GET, POST");
  add("/logout", RouteKind::logout, "GET, POST");
  if (elsewhere) add(std::string(web::kReturnPath), RouteKind::login_return, "GET");
  add("/account/apps", RouteKind::account_apps, "GET, POST");
  add("/account/endpoints", RouteKind::account_endpoints, "GET, POST");
  add("/account/tokens", RouteKind::account_tokens, "GET, POST");
}

void Router::add_resource(const tenant::ResourcePtr& resource) {
  const auto add = [&](const std::string& at, RouteKind kind, std::string_view methods) {
    routes_.add(resource->origin, at, Route{kind, methods, resource, nullptr});
  };
  add(std::string(without_trailing_slash(resource->path)), RouteKind::resource, "GET, POST, DELETE, OPTIONS");
  add(resource->metadata_path, RouteKind::resource_metadata, kDocumentMethods);
  if (resource->upstream->sse) add(messages_path(*resource), RouteKind::messages, "POST, OPTIONS");
  if (resource->root_metadata) {
    add("/.well-known/oauth-protected-resource", RouteKind::resource_metadata, kDocumentMethods);
  }
  if (resource->server->external) {
    add("/.well-known/openid-configuration", RouteKind::provider_metadata, kDocumentMethods);
  }
  if (!resource->rest) return;
  add(std::string(rest::kToolsPath), RouteKind::rest_tool, "POST, OPTIONS");
  add(std::string(rest::kOpenApiPath), RouteKind::rest_openapi, kDocumentMethods);
  add(std::string(rest::kPluginPath), RouteKind::rest_manifest, kDocumentMethods);
  add(std::string(rest::kHealthPath), RouteKind::rest_health, kDocumentMethods);
}

// Nothing else is below the path of tools: the configuration saw to it, but for segments that are `{tenant}`, over
// which what is written out wins.
std::optional<Route> Router::find_tool(const std::string& origin, std::string_view path) const {
  if (!path.starts_with(rest::kToolsPath)) return std::nullopt;
  const auto match = routes_.find(origin, rest::kToolsPath);
  if (!match || match->value->kind != RouteKind::rest_tool) return std::nullopt;
  Route route = *match->value;
  route.tool = rest::tool_name(path).value_or("");
  route.resource = tenant::for_tenant(route.resource, match->handle);
  return route;
}

bool Router::serves(bool secure, std::string_view authority) const {
  return routes_.serves(origin_of(secure, authority));
}

std::optional<Route> Router::find(bool secure, std::string_view authority, std::string_view path) const {
  const auto origin = origin_of(secure, authority);
  if (auto tool = find_tool(origin, path)) {
    if (tool->tool.empty()) return std::nullopt;
    return tool;
  }
  auto match = routes_.find(origin, path);
  if (!match) {
    // Clients append or drop the slash; a redirect would lose the body, so both are the resource.
    const auto shorter = without_trailing_slash(path);
    if (shorter.size() == path.size() || shorter.ends_with('/')) return std::nullopt;
    match = routes_.find(origin, shorter);
    if (!match || match->value->resource == nullptr || !forgives_slash(match->value->kind)) return std::nullopt;
  }
  Route route = *match->value;
  if (route.resource) route.resource = tenant::for_tenant(route.resource, match->handle);
  if (route.server) route.server = tenant::for_tenant(route.server, match->handle);
  return route;
}

}  // namespace postern::runtime
