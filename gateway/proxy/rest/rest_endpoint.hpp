#pragma once

#include <memory>

#include "edge/client_exchange.hpp"
#include "proxy/rest/rest_state.hpp"
#include "runtime/router.hpp"
#include "runtime/worker.hpp"

namespace postern::proxy {

// The tools of a resource as REST, and the documents about them. `state` outlives the worker.
net::awaitable<void> handle_rest(edge::ClientExchange& client, runtime::Worker& worker,
                                 std::shared_ptr<const runtime::Generation> generation, RestState& state,
                                 const runtime::Route& route);

}  // namespace postern::proxy
