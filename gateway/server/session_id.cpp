#include "server/session_id.hpp"

#include <array>
#include <cstdint>

#include "base/encoding.hpp"
#include "base/strings.hpp"

namespace postern::server {
namespace {

constexpr std::string_view kContext = "mcp-session";
constexpr std::size_t kMaxSealed = 12 * 1024;

void append(std::string& out, std::string_view part) {
  out += static_cast<char>(part.size() >> 8);
  out += static_cast<char>(part.size() & 255);
  out += part;
}

bool take(std::string_view& from, std::string& part) {
  if (from.size() < 2) return false;
  const std::size_t size =
      (static_cast<std::size_t>(static_cast<unsigned char>(from[0])) << 8) | static_cast<unsigned char>(from[1]);
  if (from.size() - 2 < size) return false;
  part = from.substr(2, size);
  from.remove_prefix(2 + size);
  return true;
}

template <typename S>
auto parts_of(S& session) {
  return std::array{&session.id,     &session.address, &session.upstream, &session.resource,
                    &session.tenant, &session.user,    &session.client};
}

}  // namespace

std::string seal_session(const Session& session, const crypto::Aead& seal) {
  std::string plain;
  for (const auto* part : parts_of(session)) append(plain, *part);
  return base64url_encode(seal.seal(plain, kContext));
}

std::optional<Session> open_session(std::string_view sealed, const crypto::Aead& seal) {
  if (sealed.size() > kMaxSealed) return std::nullopt;
  const auto bytes = base64url_decode(sealed);
  if (!bytes) return std::nullopt;
  const auto plain = seal.open(*bytes, kContext);
  if (!plain) return std::nullopt;
  std::string_view rest = *plain;
  Session session;
  for (auto* part : parts_of(session)) {
    if (!take(rest, *part)) return std::nullopt;
  }
  if (!rest.empty()) return std::nullopt;
  return session;
}

SessionVerdict check_session(const Session& session, const token::Principal& principal, std::string_view upstream) {
  if (session.user != principal.user || session.client != principal.client || session.upstream != upstream) {
    return SessionVerdict::not_ours;
  }
  if (session.tenant != principal.tenant) return SessionVerdict::other_handle;
  return session.resource == principal.resource ? SessionVerdict::ours : SessionVerdict::not_ours;
}

}  // namespace postern::server
