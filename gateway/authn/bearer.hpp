#pragma once

#include <cstdint>
#include <string_view>

#include "http/wire/head.hpp"

namespace postern::authn {

// What the Authorization field presents. RFC 6750 section 3.1: a request without a token gets 401 and a challenge
// without an error, and only that makes clients begin to authorize. So a field that does not present a bearer token
// counts as no token; 400 is for a request with two readings.
enum class BearerState : std::uint8_t {
  missing,       // no field, an empty one, or "Bearer" alone: 401 missing_bearer_token
  other_scheme,  // "Basic ...", "DPoP ...", or a token without a scheme: 401 missing_bearer_token
  unreadable,    // "Bearer" with what cannot be a token, or over 16 KiB: 401 invalid_token_format
  repeated,      // several fields: 400 invalid_request
  present,
};

struct Bearer {
  BearerState state = BearerState::missing;
  std::string_view token{};  // points into the head

  // The request does not try to present a bearer token.
  bool is_absent() const noexcept { return state == BearerState::missing || state == BearerState::other_scheme; }
};

// RFC 6750 section 2.1, the only way a token is taken: scheme without case, blanks, a b64token. Tokens in the query or
// a form are not looked at.
Bearer extract_bearer(const http::FieldBlock& fields) noexcept;

}  // namespace postern::authn
