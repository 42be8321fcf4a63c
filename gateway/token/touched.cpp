#include "token/touched.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace postern::token {
namespace {

std::optional<std::uint8_t> hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<std::uint8_t>(digit - 'a' + 10);
  return std::nullopt;
}

std::optional<crypto::Digest> digest_of(std::string_view hex) noexcept {
  crypto::Digest digest{};
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const auto high = hex_value(hex[2 * i]);
    const auto low = hex_value(hex[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return digest;
}

void add(Touched& touched, const store::Change& change) {
  switch (change.kind) {
    case store::ChangeKind::access_revoked:
      if (const auto digest = digest_of(change.subject)) {
        touched.tokens.insert(*digest);
      } else {
        touched.everything = true;
      }
      return;
    case store::ChangeKind::grant_revoked: touched.grants.insert(change.subject); return;
    case store::ChangeKind::user:
    case store::ChangeKind::membership: touched.users.insert(change.subject); return;
    case store::ChangeKind::tenant:
      if (change.subject.empty()) touched.everything = true;
      touched.tenants.insert(change.subject);
      return;
    case store::ChangeKind::client: touched.clients.insert(change.subject); return;
    case store::ChangeKind::signing_keys: touched.key_rings.insert(change.subject); return;
    case store::ChangeKind::key_life: return;
  }
  touched.everything = true;
}

}  // namespace

bool Touched::only_tokens() const noexcept {
  return !everything && grants.empty() && users.empty() && tenants.empty() && clients.empty() && key_rings.empty();
}

bool Touched::has(const crypto::Digest& token, const Principal& principal) const {
  return everything || tokens.contains(token) || grants.contains(principal.grant) || users.contains(principal.user) ||
         tenants.contains(principal.tenant) || clients.contains(principal.client) ||
         key_rings.contains(principal.key_ring);
}

Touched touched_by(const std::vector<store::Change>& changes) {
  Touched touched;
  for (const auto& change : changes) add(touched, change);
  return touched;
}

}  // namespace postern::token
