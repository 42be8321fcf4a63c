#pragma once

#include <memory>

#include "edge/client_exchange.hpp"
#include "runtime/router.hpp"
#include "runtime/worker.hpp"

namespace postern::server {

// OAuth endpoints, metadata and pages: read whole, run on a pool, answered whole.
net::awaitable<void> handle_endpoint(edge::ClientExchange& client, runtime::Worker& worker,
                                     std::shared_ptr<const runtime::Generation> generation,
                                     const runtime::Route& route);

}  // namespace postern::server
