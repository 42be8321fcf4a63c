#include "runtime/tenant_gate.hpp"

namespace postern::runtime {

Result<bool> has_its_tenant(const tenant::Resource& resource, const Snapshot& snapshot) {
  if (resource.fixed_tenant.empty()) return true;
  const auto found = snapshot.directory().find(resource.fixed_tenant);
  if (!found) return found.error();
  return *found && resource.policy->includes_plan((*found)->plan);
}

Result<bool> has_its_tenant(const config::AuthorizationServer& server, const Snapshot& snapshot) {
  if (server.tenant.empty()) return true;
  const auto found = snapshot.directory().find(server.tenant);
  if (!found) return found.error();
  return *found && snapshot.catalog().serves_plan(server, (*found)->plan);
}

}  // namespace postern::runtime
