#include "proxy/rest/rest_api.hpp"

#include "idp/provider_metadata.hpp"

namespace postern::proxy {
namespace {

// Tokens are made elsewhere: there the endpoints are, and every call needs the scopes that the operator demands.
void of_provider(rest::Api& api, const config::External& external, std::string_view published) {
  const auto metadata = idp::read_provider_metadata(published, external.issuer);
  if (metadata) {
    api.authorize_url = metadata->authorization_endpoint;
    api.token_url = metadata->token_endpoint;
  }
  if (!external.token_endpoint.empty()) api.token_url = external.token_endpoint;
  for (const auto& scope : external.required_scopes) {
    if (std::ranges::find(api.scopes, scope, &std::pair<std::string, std::string>::first) == api.scopes.end()) {
      api.scopes.emplace_back(scope, "Needed for every call");
    }
    if (std::ranges::find(api.default_scopes, scope) == api.default_scopes.end()) api.default_scopes.push_back(scope);
  }
}

std::string origin_of(std::string_view url) {
  return std::string(url.substr(0, std::min(url.find('/', url.find("://") + 3), url.size())));
}

}  // namespace

rest::Api api_of(const tenant::Resource& resource, std::string_view provider) {
  rest::Api api;
  api.name = resource.name;
  api.origin = resource.origin;
  api.version = "1";
  api.scopes = resource.policy->scopes();
  api.default_scopes = resource.policy->default_scopes();
  const auto& server = *resource.server;
  if (server.external) {
    of_provider(api, *server.external, provider);
  } else {
    api.authorize_url = origin_of(server.issuer) + server.endpoints.authorize;
    api.token_url = origin_of(server.issuer) + server.endpoints.token;
  }
  return api;
}

}  // namespace postern::proxy
