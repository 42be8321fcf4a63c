#pragma once

#include <string>
#include <string_view>

#include "http/wire/head.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/refusals.hpp"

namespace postern::proxy {

// What the server behind says about credentials or other addresses is not an answer for the client (RFC 9110 section
// 15); nor are error pages and compressed bodies. `type`: of the body, as media_type_of() gives it. An answer that
// turns the gateway away is logged, once for each upstream and status, and the caller is told its status and where it
// redirects to, which is what `postern doctor` goes by.
MaybeRefusal refused_by_upstream(McpExchange& exchange, const http::ResponseHead& head, std::string_view type);
// In lower case and without parameters; empty where there is none.
std::string media_type_of(const http::ResponseHead& head);

}  // namespace postern::proxy
