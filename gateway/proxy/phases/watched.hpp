#pragma once

#include <functional>

#include "proxy/mcp_exchange.hpp"
#include "proxy/refusals.hpp"
#include "proxy/running.hpp"

namespace postern::proxy {

// Runs what speaks with the server behind, in the caller's place among the calls of its user, and ends it with the
// client or with the token or grant. `work` receives the handle that ends it, and lives as long as it runs.
using Forwarding = std::function<awaitable<MaybeRefusal>(Running&)>;
awaitable<MaybeRefusal> watched(McpExchange& exchange, Forwarding work);

}  // namespace postern::proxy
