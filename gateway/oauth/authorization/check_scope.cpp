#include "base/strings.hpp"
#include "oauth/authorization/authorization_checks.hpp"
#include "oauth/scope.hpp"

namespace postern::oauth {

// RFC 6749 section 3.3: unknown scopes are dropped and the answer says what was granted; a request without scope, or
// with scopes of OpenID Connect alone, asks for the resource's default ones. A client that an operator made for certain
// scopes gets no others.
Fault check_scope(const http::Form& parameters, const Context&, AuthorizationRequest& request) {
  const auto asked = parse_scope(parameters.get("scope").value_or(""));
  if (!asked) return oauth_error("invalid_scope", "Too many scopes are asked for.");
  const policy::Policy& policy = *request.resource->policy;
  const auto plain = known_scopes(policy.default_scopes(), policy);
  request.scopes = known_scopes(*asked, policy);
  if (asks_for_default(*asked, request.scopes)) request.scopes = plain;
  request.plain = request.scopes == plain;
  request.narrowed = policy.asks_beyond_connect(request.scopes);
  if (request.scopes.empty())
    return oauth_error("invalid_scope", "None of the scopes asked for exists at this resource.");
  if (const auto allowed = scope_limit(request.client)) {
    request.scopes = intersect(request.scopes, *allowed);
    // Asking for less than its operator allows must not come to more.
    request.narrowed = request.narrowed || policy.asks_beyond_connect(*allowed);
    if (request.scopes.empty())
      return oauth_error("invalid_scope", "The operator allows this client none of the scopes asked for.");
  }
  return std::nullopt;
}

}  // namespace postern::oauth
