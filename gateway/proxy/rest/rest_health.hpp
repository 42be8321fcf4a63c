#pragma once

#include <memory>

#include "edge/client_exchange.hpp"
#include "proxy/rest/rest_state.hpp"
#include "runtime/router.hpp"
#include "runtime/worker.hpp"

namespace postern::proxy {

// GET /health beside the tools: whether calls are served, and the server behind can be reached. `state` outlives the
// worker.
net::awaitable<void> handle_rest_health(edge::ClientExchange& client, runtime::Worker& worker,
                                        std::shared_ptr<const runtime::Generation> generation, RestState& state,
                                        const runtime::Route& route);

}  // namespace postern::proxy
