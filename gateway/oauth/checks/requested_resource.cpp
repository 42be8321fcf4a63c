#include "oauth/checks/requested_resource.hpp"

namespace postern::oauth {

Result<const tenant::Resource*, OAuthError> requested_resource(const http::Form& parameters, const Context& context) {
  const tenant::Resource* named = nullptr;
  for (const std::string_view indicator : parameters.get_all("resource")) {
    if (indicator.empty()) continue;  // RFC 6749 section 3.1: without a value means left out
    const tenant::Resource* resource = context.catalog.by_indicator(indicator);
    if (resource == nullptr || resource->server->name != context.server.name) {
      return oauth_error("invalid_target", "This authorization server does not know the resource.");
    }
    if (named != nullptr && named != resource) {
      return oauth_error("invalid_target", "Ask for one resource at a time.");
    }
    named = resource;
  }
  return named;
}

}  // namespace postern::oauth
