#pragma once

#include <string>

#include "tenant/catalog.hpp"

namespace postern::authn {

// RFC 9728 section 2: resource, authorization_servers, scopes_supported (the minimal set, never offline_access; left
// out when empty), bearer_methods_supported ["header"], resource_name.
std::string resource_metadata(const tenant::Resource& resource);

}  // namespace postern::authn
