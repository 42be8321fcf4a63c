#pragma once

#include <cstdint>
#include <string_view>

#include "http/head.hpp"

namespace postern::authn {

enum class BearerState : std::uint8_t {
  missing,    // no Authorization: 401 missing_bearer_token, challenge without error
  malformed,  // two Authorization fields, another scheme, more than one value, over 16 KiB: 400 invalid_request
  present,
};

struct Bearer {
  BearerState state = BearerState::missing;
  std::string_view token;  // points into the head
};

// RFC 6750 section 2.1, the only way a token is taken: scheme without case, exactly one blank, a b64token. Tokens in
// the query or a form are not looked at.
Bearer extract_bearer(const http::FieldBlock& fields) noexcept;

}  // namespace postern::authn
