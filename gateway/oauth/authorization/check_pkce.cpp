#include "oauth/authorization/authorization_checks.hpp"
#include "oauth/pkce.hpp"

namespace postern::oauth {

// OAuth 2.1 section 4.1.1 and RFC 7636 section 4.4.1: a challenge is required of every client, and only S256 counts.
// Without a method RFC 7636 means `plain`, which would show the verifier to whoever sees the request.
Fault check_pkce(const http::Form& parameters, const Context&, AuthorizationRequest& request) {
  const auto challenge = parameters.get("code_challenge").value_or("");
  if (challenge.empty()) return invalid_request("code_challenge is missing: PKCE is required.");
  if (parameters.get("code_challenge_method").value_or("plain") != "S256") {
    return invalid_request("code_challenge_method must be S256.");
  }
  if (!has_challenge_shape(challenge)) {
    return invalid_request("code_challenge must be the base64url form of a SHA-256, 43 characters.");
  }
  request.challenge = challenge;
  return std::nullopt;
}

}  // namespace postern::oauth
