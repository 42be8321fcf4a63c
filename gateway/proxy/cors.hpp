#pragma once

#include <string_view>

#include "edge/client_exchange.hpp"
#include "http/message.hpp"
#include "runtime/generation.hpp"
#include "tenant/catalog.hpp"

namespace postern::proxy {

// CORS for browser clients of a resource (Fetch standard): the preflight's answer, and the headers of every other one.
http::Response cors_preflight(const edge::RequestContext& context, const runtime::Generation& generation,
                              const tenant::Resource& resource,
                              std::string_view methods = "GET, POST, DELETE, OPTIONS");
void add_cors(http::Headers& headers, std::string_view origin);

}  // namespace postern::proxy
