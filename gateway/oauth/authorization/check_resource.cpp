#include "oauth/authorization/authorization_checks.hpp"
#include "oauth/requested_resource.hpp"

namespace postern::oauth {

// RFC 8707 section 2.1. Older clients name no resource, and some stop naming one when discovery fails half way: they
// mean the only one there is.
Fault check_resource(const http::Form& parameters, const Context& context, AuthorizationRequest& request) {
  const auto named = requested_resource(parameters, context);
  if (!named) return named.error();
  request.resource = *named ? *named : context.catalog.default_of(context.server);
  if (request.resource == nullptr) {
    return oauth_error("invalid_target", "Say with the resource parameter which MCP server the token is for.");
  }
  return std::nullopt;
}

}  // namespace postern::oauth
