#include "server/dispatch.hpp"

#include "edge/error_body.hpp"
#include "http/url/url.hpp"
#include "proxy/mcp/mcp_endpoint.hpp"
#include "proxy/rest/rest_endpoint.hpp"
#include "proxy/rest/rest_health.hpp"
#include "server/audit_gate.hpp"
#include "server/endpoint.hpp"
#include "server/operations.hpp"

namespace postern::server {

net::awaitable<void> handle_request(edge::ClientExchange& client, runtime::Worker& worker, proxy::RestState& rest) {
  const auto& context = client.request();
  if (context.listener.serve == config::Serve::operations) {
    co_await handle_operations(client, worker);
    co_return;
  }
  const bool secure = context.listener.secure;
  const auto generation = worker.generation();
  const auto& router = generation->router();
  const auto authority = http::canonical_authority(context.head.authority, secure);
  // RFC 9110 section 7.4: a request for a host that is not ours. Public URLs come from the configuration, never from
  // Host, so that a name that was pointed here (DNS rebinding) gets nothing.
  if (!authority || !router.serves(secure, *authority)) {
    auto misdirected =
        edge::error_response(421, "misdirected_request",
                             "nothing is served under this host name; use the URL the operator published", context.id);
    co_await client.reply(std::move(misdirected));
    co_return;
  }
  const auto route = router.find(secure, *authority, context.head.path);
  if (!route) {
    auto missing = edge::error_response(404, "not_found", "there is nothing at this address", context.id);
    missing.headers.set("Access-Control-Allow-Origin", "*");
    co_await client.reply(std::move(missing));
    co_return;
  }
  const bool refused = co_await refuse_unrecorded(client, worker, *generation, *route);
  if (refused) co_return;
  switch (route->kind) {
    case runtime::RouteKind::resource:
    case runtime::RouteKind::messages: co_await proxy::handle_mcp(client, worker, generation, *route); break;
    case runtime::RouteKind::rest_tool:
    case runtime::RouteKind::rest_openapi: co_await proxy::handle_rest(client, worker, generation, rest, *route); break;
    case runtime::RouteKind::rest_health:
      co_await proxy::handle_rest_health(client, worker, generation, rest, *route);
      break;
    default: co_await handle_endpoint(client, worker, generation, *route); break;
  }
}

}  // namespace postern::server
