#include "token/opaque.hpp"

#include <algorithm>

#include "crypto/random.hpp"

namespace postern::token {

std::string make_token(std::string_view prefix) { return std::string(prefix) + crypto::random_token(32); }

bool has_token_shape(std::string_view value, std::string_view prefix) noexcept {
  if (value.size() != prefix.size() + kRandomCharacters || !value.starts_with(prefix)) return false;
  const auto is_base64url = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return std::ranges::all_of(value.substr(prefix.size()), is_base64url);
}

std::string token_hash(std::string_view value) { return crypto::sha256_string(value); }

}  // namespace postern::token
