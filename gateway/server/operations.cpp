#include "server/operations.hpp"

#include "edge/error_body.hpp"
#include "runtime/store_work.hpp"

namespace postern::server {
namespace {

http::Response ready_response(const Result<void>& pinged, const std::string& audit_fault, bool draining,
                              const std::string& id) {
  if (!audit_fault.empty()) return edge::error_response(503, "audit_unavailable", audit_fault, id);
  if (draining) return edge::error_response(503, "draining", "this process is about to end", id);
  if (!pinged) return edge::error_response(503, "store_unavailable", pinged.error().what, id);
  return http::text_response(200, "ready\n");
}

}  // namespace

net::awaitable<void> handle_operations(edge::ClientExchange& client, runtime::Worker& worker) {
  auto& services = worker.services();
  const auto& context = client.request();
  const auto& head = context.head;
  http::Response response;
  if (head.method != "GET" && head.method != "HEAD") {
    response = edge::error_response(405, "method_not_allowed", "only GET is served here", context.id);
    response.headers.set("Allow", "GET, HEAD");
  } else if (head.path == "/livez") {
    response = http::text_response(200, "alive\n");
  } else if (head.path == "/readyz") {
    auto* store = &services.store;
    const std::function<Result<void>()> ping = [store] { return store->ping(); };
    const auto pinged = co_await runtime::read_store<Result<void>>(services, ping);
    const auto log = services.log.state();
    response = ready_response(pinged, log.audit_fault, worker.draining(), context.id);
  } else if (head.path == "/metrics") {
    response.body = services.metrics.expose();
    response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  } else {
    response = edge::error_response(404, "not_found", "served here: /metrics, /livez, /readyz", context.id);
  }
  co_await client.reply(std::move(response));
}

}  // namespace postern::server
