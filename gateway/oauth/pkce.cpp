#include "oauth/pkce.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"

namespace postern::oauth {
namespace {

bool is_unreserved(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

bool has_challenge_shape(std::string_view challenge) noexcept {
  return challenge.size() == 43 &&
         std::ranges::all_of(challenge, [](char c) { return is_unreserved(c) && c != '.' && c != '~'; });
}

bool has_verifier_shape(std::string_view verifier) noexcept {
  return verifier.size() >= 43 && verifier.size() <= 128 && std::ranges::all_of(verifier, is_unreserved);
}

bool verifier_matches(std::string_view verifier, std::string_view challenge) {
  return crypto::constant_time_equal(base64url_encode(crypto::sha256_string(verifier)), challenge);
}

}  // namespace postern::oauth
