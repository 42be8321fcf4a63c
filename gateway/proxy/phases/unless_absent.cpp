#include "proxy/phases/phases.hpp"

#include "runtime/store_work.hpp"
#include "runtime/tenant_gate.hpp"

namespace postern::proxy {

awaitable<MaybeRefusal> unless_absent(McpExchange& x, authn::Refusal refused) {
  if (refused.status != 401 || x.resource.fixed_tenant.empty()) co_return refused;
  const std::function<Result<bool>()> work = [generation = x.generation, resource = x.resource] {
    return runtime::has_its_tenant(resource, *generation);
  };
  const auto there = co_await runtime::read_store<Result<bool>>(x.services(), work);
  if (there && *there) co_return refused;
  if (there) {
    auto absent = refusal(404, "not_found", "there is nothing at this address");
    co_return absent;
  }
  co_return try_again("the gateway is busy; try again in a moment");
}

}  // namespace postern::proxy
