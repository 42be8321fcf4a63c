#pragma once

#include "server/connection.hpp"
#include "server/router.hpp"

namespace postern::server {

// Finds what the request asks for and answers it: the table of routes.
awaitable<void> handle_request(Connection& connection, RequestContext& context);

// MCP on a resource: the phases of a request (mcp_endpoint.cpp).
awaitable<void> handle_mcp(Connection& connection, RequestContext& context, const Route& route);

// The tools of a resource as REST, and the documents about them (rest_endpoint.cpp).
awaitable<void> handle_rest(Connection& connection, RequestContext& context, const Route& route);

// GET /health beside them: whether calls are served, and the server behind can be reached.
awaitable<void> handle_rest_health(Connection& connection, RequestContext& context, const Route& route);

// OAuth endpoints, metadata and pages: read whole, run on a pool, answered whole.
awaitable<void> handle_endpoint(Connection& connection, RequestContext& context, const Route& route);

// /metrics, /livez and /readyz of the operations listener.
awaitable<void> handle_operations(Connection& connection, RequestContext& context);

}  // namespace postern::server
