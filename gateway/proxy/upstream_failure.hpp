#pragma once

#include "proxy/mcp_exchange.hpp"
#include "proxy/refusals.hpp"

namespace postern::proxy {

// Why there is no answer, as the caller is told; logged, unless the exchange was ended by us.
authn::Refusal failure_of_upstream(McpExchange& exchange, const Error& error);
authn::Refusal header_template_failed(McpExchange& exchange, const Error& error);

}  // namespace postern::proxy
