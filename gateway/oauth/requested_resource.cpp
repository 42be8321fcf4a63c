#include "oauth/requested_resource.hpp"

namespace postern::oauth {

Result<tenant::ResourcePtr, OAuthError> requested_resource(const http::Form& parameters, const Context& context) {
  tenant::ResourcePtr named;
  for (const std::string_view indicator : parameters.get_all("resource")) {
    if (indicator.empty()) continue;  // RFC 6749 section 3.1: without a value means left out
    auto resource = context.catalog.by_indicator(indicator);
    if (resource == nullptr || resource->server->issuer != context.server.issuer) {
      return oauth_error("invalid_target", "This authorization server does not know the resource.");
    }
    if (named != nullptr && named->canonical != resource->canonical) {
      return oauth_error("invalid_target", "Ask for one resource at a time.");
    }
    named = std::move(resource);
  }
  return named;
}

}  // namespace postern::oauth
