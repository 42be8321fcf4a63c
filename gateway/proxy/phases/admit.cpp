#include "http/header/content_coding.hpp"
#include "http/header/media_type.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"
#include "proxy/refusals.hpp"

namespace postern::proxy {

namespace {

MaybeRefusal check_method(const McpExchange& x) {
  const auto method = x.head().method;
  if (x.messages && method != "POST") return refusal(405, "method_not_allowed", "messages are sent here with POST");
  if (method == "POST" || method == "GET" || method == "DELETE") return std::nullopt;
  return refusal(405, "method_not_allowed", "MCP is spoken with POST, GET and DELETE");
}

// A POST that is not plain JSON would pass the policy unread: it is refused, never forwarded.
MaybeRefusal check_media_type(const McpExchange& x) {
  if (x.head().method != "POST") {
    const auto framing = x.head().framing;
    const bool empty = framing == http::Framing::content_length && x.head().content_length == 0;
    if (framing == http::Framing::none || empty) return std::nullopt;
    return refusal(400, "invalid_request", "a GET or DELETE on this address has no body");
  }
  const auto type = x.head().fields.only("content-type");
  if (!type || !http::is_media_type(*type, "application/json")) {
    return refusal(415, "unsupported_media_type", "send the JSON-RPC message as Content-Type: application/json");
  }
  if (!http::is_identity_coded(x.head().fields)) {
    return refusal(415, "unsupported_media_type", "send the body without Content-Encoding");
  }
  return std::nullopt;
}

}  // namespace

// MCP transports, "Security": servers MUST validate Origin, 403 when it is present and not allowed.
MaybeRefusal check_origin(McpExchange& x) {
  const auto count = x.head().fields.count("origin");
  if (count == 0) return std::nullopt;
  const auto origin = x.head().fields.only("origin");
  if (!origin || !x.generation->origin_allowed(x.resource, *origin)) {
    return refusal(403, "origin_not_allowed",
                   "pages of this origin may not call this server; the operator can allow it under `origins`");
  }
  x.origin = *origin;
  return std::nullopt;
}

awaitable<MaybeRefusal> admit(McpExchange& x) {
  auto refused = check_method(x);
  if (!refused) refused = check_media_type(x);
  if (refused) co_return refused;
  // Not by client: anybody may register more of them.
  std::string key = x.principal->user + '\n' + x.principal->tenant;
  refused = co_await await_turn(x, std::move(key));
  co_return refused;
}

}  // namespace postern::proxy
