#pragma once

#include "edge/client_exchange.hpp"
#include "runtime/worker.hpp"

namespace postern::server {

// /metrics, /livez and /readyz of the operations listener.
net::awaitable<void> handle_operations(edge::ClientExchange& client, runtime::Worker& worker);

}  // namespace postern::server
