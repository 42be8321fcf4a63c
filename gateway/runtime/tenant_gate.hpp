#pragma once

#include "base/result.hpp"
#include "runtime/generation.hpp"
#include "runtime/router.hpp"

namespace postern::runtime {

// Whether whoever an address is for is there: a tenant the directory knows, on a plan that includes what the address
// leads to. An address of no tenant is there for everybody. A change of plan counts at once, so nothing is remembered.
// Block on the store, whose errors they return.
Result<bool> has_its_tenant(const tenant::Resource& resource, const Generation& generation);
Result<bool> has_its_tenant(const config::AuthorizationServer& server, const Generation& generation);

}  // namespace postern::runtime
