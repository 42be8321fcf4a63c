#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::crypto {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view bytes);
Digest hmac_sha256(std::string_view key, std::string_view bytes);
// RFC 5869 with SHA-256: a key for one purpose out of another. `info` names the purpose. 32 bytes.
std::string hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info);

// Time independent of where two values of equal length differ.
bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

// The 32 bytes as a string: the form in which hashes of tokens are stored.
inline std::string as_string(const Digest& digest) {
  return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
}
inline std::string sha256_string(std::string_view bytes) { return as_string(sha256(bytes)); }

}  // namespace postern::crypto
