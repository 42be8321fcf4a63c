#pragma once

#include "proxy/mcp_exchange.hpp"
#include "upstream/upstream.hpp"

namespace postern::proxy {

// The headers that the server behind trusts: those of the configuration, filled in for the caller.
Result<void> add_own_headers(const runtime::Generation& generation, const tenant::Resource& resource,
                             const token::Principal& principal, http::Headers& headers);
// Takes the body with it.
Result<upstream::Request> upstream_request(McpExchange& exchange);

}  // namespace postern::proxy
