#pragma once

#include "server/client_exchange.hpp"
#include "server/router.hpp"
#include "server/worker.hpp"

namespace postern::server {

// Everything that ends with an audit line is refused with 503 while such lines cannot be written, so that nothing
// happens unrecorded. The refusal itself is counted, not logged. True: it was answered.
awaitable<bool> refuse_unrecorded(ClientExchange& client, Worker& worker, const Route& route);

}  // namespace postern::server
