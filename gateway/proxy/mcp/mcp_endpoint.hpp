#pragma once

#include <memory>

#include "edge/client_exchange.hpp"
#include "runtime/router.hpp"
#include "runtime/worker.hpp"

namespace postern::proxy {

// MCP on a resource: the phases of a request, one after the other.
net::awaitable<void> handle_mcp(edge::ClientExchange& client, runtime::Worker& worker,
                                std::shared_ptr<const runtime::Generation> generation, const runtime::Route& route);

}  // namespace postern::proxy
