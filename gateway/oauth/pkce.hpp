#pragma once

#include <string_view>

namespace postern::oauth {

// RFC 7636 section 4.2: the base64url form of a SHA-256, 43 characters.
bool has_challenge_shape(std::string_view challenge) noexcept;
// RFC 7636 section 4.1: 43 to 128 unreserved characters.
bool has_verifier_shape(std::string_view verifier) noexcept;
// RFC 7636 section 4.6 for S256, in a time that does not depend on where they differ.
bool verifier_matches(std::string_view verifier, std::string_view challenge);

}  // namespace postern::oauth
