#include "oauth/authorization/authorization_checks.hpp"

namespace postern::oauth {

// OpenID Connect Core section 3.1.2.6 names these errors. Nothing is ever fetched.
Fault reject_unsupported(const http::Form& parameters, const Context&, AuthorizationRequest&) {
  if (parameters.get("request")) {
    return oauth_error("request_not_supported", "Send the parameters themselves, not a request object.");
  }
  if (parameters.get("request_uri")) {
    return oauth_error("request_uri_not_supported", "Send the parameters themselves, not a request_uri.");
  }
  return std::nullopt;
}

}  // namespace postern::oauth
