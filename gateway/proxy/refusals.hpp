#pragma once

#include <optional>
#include <string>

#include "authn/challenge.hpp"

namespace postern::proxy {

using MaybeRefusal = std::optional<authn::Refusal>;

// Without a challenge.
authn::Refusal refusal(int status, std::string error, std::string description);
// 503 `temporarily_unavailable`, to be tried again after two seconds.
authn::Refusal try_again(std::string description);
// With a challenge (RFC 6750 section 3).
authn::Refusal challenged(int status, std::string error, std::string description, std::string challenge_error);

}  // namespace postern::proxy
