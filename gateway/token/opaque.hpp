#pragma once

#include <string>
#include <string_view>

#include "crypto/hash.hpp"

namespace postern::token {

// Opaque tokens: a prefix that names their kind and 256 random bits in base64url. Only their SHA-256 is stored.
inline constexpr std::size_t kRandomCharacters = 43;
inline constexpr std::string_view kRefreshPrefix = "mcpr1_";
inline constexpr std::string_view kCodePrefix = "mcpc1_";

std::string make_token(std::string_view prefix);
// The shape alone: prefix, length, alphabet. What fails here is answered `invalid_token_format`.
bool has_token_shape(std::string_view value, std::string_view prefix) noexcept;
// What the store knows a token by.
std::string token_hash(std::string_view value);

}  // namespace postern::token
