#pragma once

#include "proxy/mcp_exchange.hpp"

namespace postern::proxy {

// The stream of a client of 2024-11-05 (transports, "HTTP with SSE"): it opens its session.
bool opens_old_stream(const McpExchange& exchange);
// Listens for what the server sends by itself, rather than waiting for an answer.
bool is_listening(const McpExchange& exchange);

}  // namespace postern::proxy
