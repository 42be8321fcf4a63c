#include "proxy/session/sealed_parts.hpp"

#include <cstddef>

#include "base/encoding.hpp"

namespace postern::proxy {
namespace {

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

}  // namespace

std::string seal_parts(std::span<const std::string* const> parts, const crypto::Aead& seal, std::string_view context) {
  std::string plain;
  for (const auto* part : parts) append(plain, *part);
  return base64url_encode(seal.seal(plain, context));
}

bool open_parts(std::string_view sealed, std::span<std::string* const> parts, const crypto::Aead& seal,
                std::string_view context) {
  if (sealed.size() > kMaxSealed) return false;
  const auto bytes = base64url_decode(sealed);
  if (!bytes) return false;
  const auto plain = seal.open(*bytes, context);
  if (!plain) return false;
  std::string_view rest = *plain;
  for (auto* part : parts) {
    if (!take(rest, *part)) return false;
  }
  return rest.empty();
}

}  // namespace postern::proxy
