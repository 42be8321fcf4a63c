#pragma once

#include "server/client_exchange.hpp"
#include "server/router.hpp"
#include "server/worker.hpp"

namespace postern::server {

// Finds what the request asks for and answers it: the table of routes.
awaitable<void> handle_request(ClientExchange& client, Worker& worker);

// MCP on a resource: the phases of a request (mcp_endpoint.cpp).
awaitable<void> handle_mcp(ClientExchange& client, Worker& worker, const Route& route);

// The tools of a resource as REST, and the documents about them (rest_endpoint.cpp).
awaitable<void> handle_rest(ClientExchange& client, Worker& worker, const Route& route);

// GET /health beside them: whether calls are served, and the server behind can be reached.
awaitable<void> handle_rest_health(ClientExchange& client, Worker& worker, const Route& route);

// OAuth endpoints, metadata and pages: read whole, run on a pool, answered whole.
awaitable<void> handle_endpoint(ClientExchange& client, Worker& worker, const Route& route);

// /metrics, /livez and /readyz of the operations listener.
awaitable<void> handle_operations(ClientExchange& client, Worker& worker);

}  // namespace postern::server
