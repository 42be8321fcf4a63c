#include <algorithm>

#include "oauth/authorization/authorization_checks.hpp"

namespace postern::oauth {

// OAuth 2.1 section 4.1.1: only `code`; there is no implicit grant, and an answer goes into the query alone.
Fault check_response_type(const http::Form& parameters, const Context&, AuthorizationRequest& request) {
  if (parameters.get_or_empty("response_type") != "code") {
    return oauth_error("unsupported_response_type", "response_type must be code.");
  }
  if (parameters.get("response_mode").value_or("query") != "query") {
    return invalid_request("response_mode must be query or be left out.");
  }
  if (std::ranges::find(request.client.grant_types, "authorization_code") == request.client.grant_types.end()) {
    return oauth_error("unauthorized_client", "The client is not registered for the authorization code grant.");
  }
  return std::nullopt;
}

}  // namespace postern::oauth
