#pragma once

#include "limits/body_budget.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/refusals.hpp"

namespace postern::proxy {

// The share for what the exchange reads. It is counted for the user, or for the client's address while the user is not
// known or the request is nobody's.
// Strangers have a budget of their own, so that they never cost a call its place.
limits::BodyShare share_of(const McpExchange& exchange);
// limits.body_memory is used up.
authn::Refusal no_memory_for_body();

}  // namespace postern::proxy
