#include "server/audit_gate.hpp"

#include "server/error_body.hpp"
#include "server/route_handlers.hpp"
#include "web/pages.hpp"

namespace postern::server {
namespace {

constexpr char kRetryAfter[] = "5";

// What is public and changes nothing: clients can still find out where they are.
bool leaves_no_audit_line(RouteKind kind) noexcept {
  switch (kind) {
    case RouteKind::resource_metadata:
    case RouteKind::server_metadata:
    case RouteKind::openid_configuration:
    case RouteKind::provider_metadata:
    case RouteKind::jwks:
    case RouteKind::rest_manifest:
    case RouteKind::rest_health: return true;
    default: return false;
  }
}

http::Response unrecorded(RouteKind kind, const std::string& id) {
  auto response = is_page(kind)
                      ? web::error_page(503, "Not available", "The gateway is busy; try again in a moment.", id)
                      : error_response(503, "audit_unavailable",
                                       "the gateway cannot write its audit log, so nothing is let through; "
                                       "try again in a moment",
                                       id);
  response.headers.set("Retry-After", kRetryAfter);
  if (!is_page(kind)) response.headers.set("Access-Control-Allow-Origin", "*");
  return response;
}

void count(const RequestContext& context, const Route& route, Services& services) {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - context.started).count();
  if (is_call(route.kind)) {
    context.snapshot->metrics(*route.resource).request(telemetry::Outcome::unavailable, seconds);
  } else {
    services.metrics.endpoint(to_string(route.kind), 503, seconds);
  }
}

}  // namespace

awaitable<bool> refuse_unrecorded(ClientExchange& client, Worker& worker, const Route& route) {
  auto& services = worker.services();
  const auto& context = client.request();
  if (services.log.takes_audit() || leaves_no_audit_line(route.kind) || context.head.method == "OPTIONS") {
    co_return false;
  }
  count(context, route, services);
  auto response = unrecorded(route.kind, context.id);
  response.headers.set("X-Request-Id", context.id);
  co_await client.reply(std::move(response));
  co_return true;
}

}  // namespace postern::server
