#include "mcp/header_check.hpp"
#include "server/mcp_exchange.hpp"

namespace postern::server {
namespace {

// Repeated headers are joined, as RFC 9110 section 5.3 has it, and so never equal what the body says.
std::optional<std::string> joined(const http::FieldBlock& fields, std::string_view name) {
  if (fields.count(name) == 0) return std::nullopt;
  if (const auto only = fields.only(name)) return std::string(*only);
  std::string all;
  for (const auto& field : fields.all()) {
    if (http::FieldBlock one; one.push(field) && one.count(name) == 1)
      all += (all.empty() ? "" : ", ") + std::string(field.value);
  }
  return all;
}

authn::Refusal header_refusal(const mcp::HeaderFault& fault) {
  switch (fault.code) {
    case -32020: return refusal(400, "header_mismatch", fault.reason);
    case -32601: return refusal(404, "method_not_found", fault.reason);
    default: return refusal(400, "invalid_request", fault.reason);
  }
}

}  // namespace

// The body decides; the headers that mirror it are only checked against it (MCP 2026-07-28, transports).
awaitable<MaybeRefusal> open_body(McpExchange& x) {
  const auto version = joined(x.head().fields, "mcp-protocol-version");
  if (x.head().method != "POST") {
    x.modern = version && mcp::is_modern_version(*version);
    co_return std::nullopt;
  }
  auto body = co_await x.connection.read_body(x.context, x.context.snapshot->config().limits.body, x.services().bodies);
  if (!body) {
    x.context.body_read = true;
    if (body.error().status == 0) x.outcome = telemetry::Outcome::cancelled;
    auto refused =
        refusal(body.error().status == 0 ? 400 : body.error().status, body.error().error, body.error().description);
    refused.retry_after = body.error().retry_after;
    co_return refused;
  }
  x.body = std::move(*body);
  auto message = mcp::read_message(x.body);
  if (!message) {
    x.error_code = message.error().code;
    auto refused = refusal(400, x.error_code == -32700 ? "parse_error" : "invalid_request", message.error().reason);
    co_return refused;
  }
  x.message = std::move(*message);
  x.modern = x.message->meta_version.has_value() || (version && mcp::is_modern_version(*version));
  const auto method = joined(x.head().fields, "mcp-method");
  const auto name = joined(x.head().fields, "mcp-name");
  const mcp::MirroredHeaders mirrored{version, method, name};
  if (const auto fault = mcp::check_headers(mirrored, *x.message)) {
    x.error_code = fault->code;
    x.error_data = fault->data;
    auto refused = header_refusal(*fault);
    co_return refused;
  }
  co_return std::nullopt;
}

}  // namespace postern::server
