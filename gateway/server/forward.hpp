#pragma once

#include <functional>
#include <memory>

#include "server/mcp_exchange.hpp"
#include "upstream/upstream.hpp"

namespace postern::server {

// What the server behind is doing for a request; ended from outside when the client goes or the token or grant does.
struct Running {
  upstream::CancelSlot slot;
  std::unique_ptr<upstream::Exchange> answer;

  void end() {
    slot.cancel();
    if (answer) answer->cancel();
  }
};

// Runs what speaks with the server behind, in the caller's place among the calls of its user, and ends it with the
// client or with the token or grant. `work` receives the handle that ends it, and lives as long as it runs.
using Forwarding = std::function<awaitable<MaybeRefusal>(Running&)>;
awaitable<MaybeRefusal> watched(McpExchange& exchange, Forwarding work);

// Why there is no answer, as the caller is told; logged, unless the exchange was ended by us.
authn::Refusal failure_of_upstream(McpExchange& exchange, const Error& error);
// What the server behind says about credentials or other addresses is not an answer for the client (RFC 9110 section
// 15); nor are error pages and compressed bodies. `type`: of the body, in lower case and without parameters. One that
// turns the gateway away is logged, once for each upstream and status, and the caller is told its status and where it
// redirects to, which is what `postern doctor` goes by.
MaybeRefusal refused_by_upstream(McpExchange& exchange, const http::ResponseHead& head, std::string_view type);
std::string media_type_of(const http::ResponseHead& head);
authn::Refusal header_template_failed(McpExchange& exchange, const Error& error);

}  // namespace postern::server
