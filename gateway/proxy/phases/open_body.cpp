#include "base/json_cost.hpp"
#include "mcp/header_check.hpp"
#include "proxy/body_shares.hpp"
#include "proxy/long_work.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"

namespace postern::proxy {
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

// A body on its way to be a message.
struct UnreadBody {
  std::string text;
  limits::BodyShare share;
  bool no_room = false;
  Result<mcp::Message, mcp::JsonFault> message = mcp::JsonFault();
};

// On any thread. A second text is made where ids of tasks change.
void read(UnreadBody& body) {
  body.no_room = !body.share.grow_to_work(2 * body.text.size() + parsed_bytes(body.text));
  if (!body.no_room) body.message = mcp::read_message(body.text);
}

awaitable<MaybeRefusal> read_message(McpExchange& x, std::string text) {
  const auto body = std::make_shared<UnreadBody>(std::move(text), std::move(x.context.body_share));
  std::function<void()> work = [body] { read(*body); };
  auto refused = co_await work_on_text(x, body->text.size(), std::move(work));
  if (refused) co_return refused;
  if (body->no_room) co_return no_memory_for_body();
  if (!body->message) {
    x.error_code = body->message.error().code;
    co_return refusal(400, x.error_code == -32700 ? "parse_error" : "invalid_request", body->message.error().reason);
  }
  x.context.body_share = std::move(body->share);
  x.body = std::move(body->text);
  x.body_size = x.body.size();
  x.message = std::move(*body->message);
  co_return std::nullopt;
}

}  // namespace

// The body decides; the headers that mirror it are only checked against it (MCP 2026-07-28, transports).
awaitable<MaybeRefusal> open_body(McpExchange& x) {
  const auto version = joined(x.head().fields, "mcp-protocol-version");
  if (x.head().method != "POST") {
    x.modern = version && mcp::is_modern_version(*version);
    co_return std::nullopt;
  }
  auto share = share_of(x);
  auto body = co_await x.client.read_body(x.generation->limits().body, std::move(share));
  if (!body) {
    x.context.body_read = true;
    if (body.error().status == 0) x.outcome = telemetry::Outcome::cancelled;
    auto refused =
        refusal(body.error().status == 0 ? 400 : body.error().status, body.error().error, body.error().description);
    refused.retry_after = body.error().retry_after;
    co_return refused;
  }
  auto refused = co_await read_message(x, std::move(*body));
  if (refused) co_return refused;
  x.modern = x.message->meta_version.has_value() || (version && mcp::is_modern_version(*version));
  const auto method = joined(x.head().fields, "mcp-method");
  const auto name = joined(x.head().fields, "mcp-name");
  const mcp::MirroredHeaders mirrored{version, method, name};
  if (const auto fault = mcp::check_headers(mirrored, *x.message)) {
    x.error_code = fault->code;
    x.error_data = fault->data;
    refused = header_refusal(*fault);
    co_return refused;
  }
  co_return std::nullopt;
}

}  // namespace postern::proxy
