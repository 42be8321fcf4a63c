#pragma once

#include "limits/body_budget.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/refusals.hpp"

namespace postern::proxy {

// Of what the exchange reads: counted for its user, and before that is known, or for nobody, for the client's address.
// Strangers have a budget of their own, so that they never cost a call its place.
limits::BodyShare share_of(const McpExchange& exchange);
// limits.body_memory is used up.
authn::Refusal no_memory_for_body();

}  // namespace postern::proxy
