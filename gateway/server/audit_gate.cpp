#include "server/audit_gate.hpp"

#include "edge/error_body.hpp"
#include "web/pages.hpp"

namespace postern::server {
namespace {

constexpr char kRetryAfter[] = "5";

// What is public and changes nothing: clients can still find out where they are.
bool leaves_no_audit_line(runtime::RouteKind kind) noexcept {
  switch (kind) {
    case runtime::RouteKind::resource_metadata:
    case runtime::RouteKind::server_metadata:
    case runtime::RouteKind::openid_configuration:
    case runtime::RouteKind::provider_metadata:
    case runtime::RouteKind::jwks:
    case runtime::RouteKind::rest_manifest:
    case runtime::RouteKind::rest_health: return true;
    default: return false;
  }
}

http::Response unrecorded(runtime::RouteKind kind, const std::string& id) {
  auto response = is_page(kind)
                      ? web::error_page(503, "Not available", "The gateway is busy; try again in a moment.", id)
                      : edge::error_response(503, "audit_unavailable",
                                             "the gateway cannot write its audit log, so nothing is let through; "
                                             "try again in a moment",
                                             id);
  response.headers.set("Retry-After", kRetryAfter);
  if (!is_page(kind)) response.headers.set("Access-Control-Allow-Origin", "*");
  return response;
}

void count(const edge::RequestContext& context, const runtime::Generation& generation, const runtime::Route& route,
           runtime::Services& services) {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - context.started).count();
  if (is_call(route.kind)) {
    generation.metrics(*route.resource).request(telemetry::Outcome::unavailable, seconds);
  } else {
    services.metrics.endpoint(to_string(route.kind), 503, seconds);
  }
}

}  // namespace

net::awaitable<bool> refuse_unrecorded(edge::ClientExchange& client, runtime::Worker& worker,
                                       const runtime::Generation& generation, const runtime::Route& route) {
  auto& services = worker.services();
  const auto& context = client.request();
  if (services.log.takes_audit() || leaves_no_audit_line(route.kind) || context.head.method == "OPTIONS") {
    co_return false;
  }
  count(context, generation, route, services);
  auto response = unrecorded(route.kind, context.id);
  response.headers.set("X-Request-Id", context.id);
  co_await client.reply(std::move(response));
  co_return true;
}

}  // namespace postern::server
