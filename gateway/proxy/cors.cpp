#include "proxy/cors.hpp"

#include "edge/error_body.hpp"

namespace postern::proxy {

http::Response cors_preflight(const edge::RequestContext& context, const runtime::Generation& generation,
                              const tenant::Resource& resource, std::string_view methods) {
  const auto origin = context.head.fields.only("origin");
  if (!origin || !generation.origin_allowed(resource, *origin)) {
    return edge::error_response(403, "origin_not_allowed", "pages of this origin may not call this server", context.id);
  }
  http::Response response;
  response.status = 204;
  add_cors(response.headers, *origin);
  response.headers.set("Access-Control-Allow-Methods", methods);
  // The client's own list is not echoed: the fixed one holds everything a client may send. Mcp-Param-* names are not
  // known beforehand, so those that were asked for are added.
  std::string allowed =
      "Authorization, Content-Type, Accept, Mcp-Session-Id, MCP-Protocol-Version, Last-Event-ID, "
      "Mcp-Method, Mcp-Name, traceparent, tracestate";
  if (const auto asked = context.head.fields.only("access-control-request-headers"); asked && asked->size() < 1024) {
    std::size_t at = 0;
    while (at < asked->size()) {
      const auto comma = std::min(asked->find(',', at), asked->size());
      auto name = asked->substr(at, comma - at);
      while (name.starts_with(' ')) name.remove_prefix(1);
      if (name.starts_with("mcp-param-") && http::is_token(name)) allowed += ", " + std::string(name);
      at = comma + 1;
    }
  }
  response.headers.set("Access-Control-Allow-Headers", allowed);
  response.headers.set("Access-Control-Max-Age", "7200");
  return response;
}

void add_cors(http::Headers& headers, std::string_view origin) {
  if (origin.empty()) return;
  headers.set("Access-Control-Allow-Origin", origin);
  headers.set("Access-Control-Expose-Headers",
              "WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After, X-Request-Id");
  headers.set("Vary", "Origin");
}

}  // namespace postern::proxy
