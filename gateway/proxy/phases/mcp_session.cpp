#include "http/form.hpp"
#include "proxy/answer/relay.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"

namespace postern::proxy {
namespace {

// The sealed session as the client sent it: nullopt when there is none, and a refusal when it is not exactly one.
MaybeRefusal sent_session(const McpExchange& x, std::optional<std::string>& out) {
  // MCP 2024-11-05 transports, "HTTP with SSE": the address that the stream began with names it.
  if (x.messages) {
    const auto query = http::Form::parse(x.head().query);
    if (query && query->get_all(kSessionParameter).size() == 1) out = query->get_or_empty(kSessionParameter);
    return out ? MaybeRefusal() : refusal(400, "session_required", "post to the address the event stream began with");
  }
  const auto count = x.head().fields.count("mcp-session-id");
  if (count == 0) return std::nullopt;  // whether one is needed the server behind knows
  const auto sealed = x.head().fields.only("mcp-session-id");
  if (!sealed) return refusal(400, "invalid_request", "send exactly one Mcp-Session-Id");
  out = *sealed;
  return std::nullopt;
}

}  // namespace

// Legacy sessions (MCP 2025-11-25, transports, "Session management"): ours are sealed and belong to one user, client,
// tenant and resource. A session is never authentication. The modern era has none; a stray header is ignored.
MaybeRefusal open_mcp_session(McpExchange& x) {
  if (x.modern && x.messages) return refusal(400, "invalid_request", "this address is for MCP 2024-11-05");
  if (x.modern) return std::nullopt;
  std::optional<std::string> sealed;
  auto refused = sent_session(x, sealed);
  if (refused || !sealed) return refused;
  auto session = open_session(*sealed, x.services().seals.session);
  const auto unknown = refusal(404, "unknown_session", "there is no such session; begin a new one with initialize");
  if (!session) return unknown;
  switch (check_session(*session, *x.principal, x.resource.upstream->name)) {
    case SessionVerdict::ours: break;
    case SessionVerdict::not_ours: return unknown;
    case SessionVerdict::other_handle:
      return challenged(401, "session_handle_mismatch", "the session was opened for another handle; begin a new one",
                        "invalid_token");
  }
  x.session = std::move(*session);
  return std::nullopt;
}

}  // namespace postern::proxy
