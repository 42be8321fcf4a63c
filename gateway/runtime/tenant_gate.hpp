#pragma once

#include "base/result.hpp"
#include "runtime/generation.hpp"
#include "runtime/router.hpp"

namespace postern::runtime {

// Whether the tenant that an address belongs to exists, on a plan that includes what the address leads to. True of an
// address that belongs to no tenant. A change of plan counts at once, so nothing is remembered. Block on the store,
// whose errors they return.
Result<bool> has_its_tenant(const tenant::Resource& resource, const Generation& generation);
Result<bool> has_its_tenant(const config::AuthorizationServer& server, const Generation& generation);

}  // namespace postern::runtime
