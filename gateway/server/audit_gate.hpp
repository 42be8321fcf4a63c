#pragma once

#include "edge/client_exchange.hpp"
#include "runtime/router.hpp"
#include "runtime/worker.hpp"

namespace postern::server {

// Everything that ends with an audit line is refused with 503 while such lines cannot be written, so that nothing
// happens unrecorded. The refusal itself is counted, not logged. True: it was answered.
net::awaitable<bool> refuse_unrecorded(edge::ClientExchange& client, runtime::Worker& worker,
                                       const runtime::Generation& generation, const runtime::Route& route);

}  // namespace postern::server
