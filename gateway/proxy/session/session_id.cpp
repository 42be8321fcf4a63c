#include "proxy/session/session_id.hpp"

#include <array>

#include "proxy/session/sealed_parts.hpp"

namespace postern::proxy {
namespace {

constexpr std::string_view kContext = "mcp-session";

template <typename S>
auto parts_of(S& session) {
  return std::array{&session.id,     &session.address, &session.upstream, &session.resource,
                    &session.tenant, &session.user,    &session.client};
}

}  // namespace

std::string seal_session(const Session& session, const crypto::Aead& seal) {
  return seal_parts(parts_of(session), seal, kContext);
}

std::optional<Session> open_session(std::string_view sealed, const crypto::Aead& seal) {
  Session session;
  if (!open_parts(sealed, parts_of(session), seal, kContext)) return std::nullopt;
  return session;
}

SessionVerdict check_session(const Session& session, const token::Principal& principal, std::string_view upstream) {
  if (session.user != principal.user || session.client != principal.client || session.upstream != upstream) {
    return SessionVerdict::not_ours;
  }
  if (session.tenant != principal.tenant) return SessionVerdict::other_handle;
  return session.resource == principal.resource ? SessionVerdict::ours : SessionVerdict::not_ours;
}

}  // namespace postern::proxy
