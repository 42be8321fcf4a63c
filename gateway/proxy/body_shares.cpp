#include "proxy/body_shares.hpp"

namespace postern::proxy {
limits::BodyShare share_of(const McpExchange& x) {
  auto& services = x.services();
  if (!x.principal) return limits::BodyShare(services.endpoint_bodies, {.address = x.context.peer});
  if (x.principal->user.empty()) return limits::BodyShare(services.bodies, {.address = x.context.peer});
  return limits::BodyShare(services.bodies, {.principal = x.principal});
}

authn::Refusal no_memory_for_body() {
  return try_again("the gateway holds as many large bodies as it may; try again in a moment");
}

}  // namespace postern::proxy
