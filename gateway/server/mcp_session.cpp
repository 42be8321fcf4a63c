#include "server/mcp_exchange.hpp"

namespace postern::server {

// Legacy sessions (MCP 2025-11-25, transports, "Session management"): ours are sealed and belong to one user, client,
// tenant and resource. A session is never authentication. The modern era has none; a stray header is ignored.
MaybeRefusal open_mcp_session(McpExchange& x) {
  if (x.modern) return std::nullopt;
  const auto count = x.head().fields.count("mcp-session-id");
  if (count == 0) return std::nullopt;  // whether one is needed the server behind knows
  const auto sealed = x.head().fields.only("mcp-session-id");
  if (!sealed) return refusal(400, "invalid_request", "send exactly one Mcp-Session-Id");
  auto session = open_session(*sealed, x.services().session_seal);
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

}  // namespace postern::server
