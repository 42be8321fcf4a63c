#pragma once

#include <string_view>

#include "rest/openapi.hpp"
#include "tenant/catalog.hpp"

namespace postern::proxy {

// What the documents of a resource say beside its tools. `provider`: where tokens are made elsewhere, what the provider
// publishes about itself; empty when that cannot be had.
rest::Api api_of(const tenant::Resource& resource, std::string_view provider);

}  // namespace postern::proxy
