#pragma once

#include "edge/client_exchange.hpp"
#include "proxy/rest/rest_state.hpp"
#include "runtime/worker.hpp"

namespace postern::server {

// Finds what the request asks for and answers it: the table of routes. The configuration is the one of the moment, and
// pinned until the request is over. `rest` must outlive the worker.
net::awaitable<void> handle_request(edge::ClientExchange& client, runtime::Worker& worker, proxy::RestState& rest);

}  // namespace postern::server
