#include "runtime/tenant_gate.hpp"

namespace postern::runtime {

Result<bool> has_its_tenant(const tenant::Resource& resource, const Generation& generation) {
  if (resource.fixed_tenant.empty()) return true;
  const auto found = generation.directory().find(resource.fixed_tenant);
  if (!found) return found.error();
  return *found && resource.policy->includes_plan((*found)->plan);
}

Result<bool> has_its_tenant(const config::AuthorizationServer& server, const Generation& generation) {
  if (server.tenant.empty()) return true;
  const auto found = generation.directory().find(server.tenant);
  if (!found) return found.error();
  return *found && generation.catalog().serves_plan(server, (*found)->plan);
}

}  // namespace postern::runtime
