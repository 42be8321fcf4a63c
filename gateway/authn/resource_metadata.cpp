#include "authn/resource_metadata.hpp"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

namespace postern::authn {

std::string resource_metadata(const tenant::Resource& resource) {
  // Clients without a challenge at hand ask for all of scopes_supported, so it is what a connection needs and no more.
  // offline_access is a matter between client and authorization server.
  std::vector<std::string> scopes = resource.policy->default_scopes();
  std::erase(scopes, "offline_access");
  if (resource.server->external) {
    for (const auto& scope : resource.server->external->required_scopes) {
      if (std::ranges::find(scopes, scope) == scopes.end()) scopes.push_back(scope);
    }
  }

  nlohmann::ordered_json document;
  document["resource"] = resource.url;
  document["authorization_servers"] = {resource.server->issuer};
  if (!scopes.empty()) document["scopes_supported"] = scopes;
  document["bearer_methods_supported"] = {"header"};
  document["resource_name"] = resource.name;
  return document.dump();
}

}  // namespace postern::authn
