#pragma once

#include "server/connection.hpp"
#include "server/router.hpp"

namespace postern::server {

// Everything that ends with an audit line is refused with 503 while such lines cannot be written, so that nothing
// happens unrecorded. The refusal itself is counted, not logged. True: it was answered.
awaitable<bool> refuse_unrecorded(Connection& connection, RequestContext& context, const Route& route);

}  // namespace postern::server
