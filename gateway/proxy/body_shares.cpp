#include "proxy/body_shares.hpp"

namespace postern::proxy {
limits::BodyShare share_of(const McpExchange& x) {
  auto& services = x.services();
  if (!x.principal)
    return limits::BodyShare(services.counters.endpoint_bodies, limits::kEndpointBodies, {.address = x.context.peer});
  const auto limit = x.generation->limits().body_memory;
  if (x.principal->user.empty()) return limits::BodyShare(services.counters.bodies, limit, {.address = x.context.peer});
  return limits::BodyShare(services.counters.bodies, limit, {.principal = x.principal});
}

authn::Refusal no_memory_for_body() {
  return try_again("the gateway holds as many large bodies as it may; try again in a moment");
}

}  // namespace postern::proxy
