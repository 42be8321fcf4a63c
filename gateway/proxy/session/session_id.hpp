#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/aead.hpp"
#include "token/principal.hpp"

namespace postern::proxy {

// What a client's `Mcp-Session-Id` holds, sealed: the upstream's own session and whose it is. Any replica can open it
// and nobody else can use it (MCP security best practices, session hijacking). The grant is not inside: a step-up keeps
// the session.
struct Session {
  std::string id;        // the upstream's Mcp-Session-Id
  std::string address;   // which of the upstream's URLs it lives at, as Exchange::address() gives it
  std::string upstream;  // name
  std::string resource;
  std::string tenant;
  std::string user;
  std::string client;
};

// Of the server behind, in bytes. Sealed it must still fit into a client's request.
inline constexpr std::size_t kLongestSessionId = 2048;

// Visible ASCII, as the transport demands.
std::string seal_session(const Session& session, const crypto::Aead& seal);
// nullopt: forged, damaged or of another gateway.
std::optional<Session> open_session(std::string_view sealed, const crypto::Aead& seal);

enum class SessionVerdict { ours, other_handle, not_ours };
// other_handle: the same user's and client's session, opened for another tenant.
SessionVerdict check_session(const Session& session, const token::Principal& principal, std::string_view upstream);

}  // namespace postern::proxy
