#include "server/route_handlers.hpp"

#include "http/url/url.hpp"
#include "server/audit_gate.hpp"
#include "server/error_body.hpp"

namespace postern::server {

awaitable<void> handle_request(ClientExchange& client, Worker& worker) {
  const auto& context = client.request();
  if (context.listener.serve == config::Serve::operations) {
    co_await handle_operations(client, worker);
    co_return;
  }
  const bool secure = context.listener.secure;
  const auto& router = context.snapshot->router();
  const auto authority = http::canonical_authority(context.head.authority, secure);
  // RFC 9110 section 7.4: a request for a host that is not ours. Public URLs come from the configuration, never from
  // Host, so that a name that was pointed here (DNS rebinding) gets nothing.
  if (!authority || !router.serves(secure, *authority)) {
    auto misdirected =
        error_response(421, "misdirected_request",
                       "nothing is served under this host name; use the URL the operator published", context.id);
    co_await client.reply(std::move(misdirected));
    co_return;
  }
  const auto route = router.find(secure, *authority, context.head.path);
  if (!route) {
    auto missing = error_response(404, "not_found", "there is nothing at this address", context.id);
    missing.headers.set("Access-Control-Allow-Origin", "*");
    co_await client.reply(std::move(missing));
    co_return;
  }
  const bool refused = co_await refuse_unrecorded(client, worker, *route);
  if (refused) co_return;
  switch (route->kind) {
    case RouteKind::resource:
    case RouteKind::messages: co_await handle_mcp(client, worker, *route); break;
    case RouteKind::rest_tool:
    case RouteKind::rest_openapi: co_await handle_rest(client, worker, *route); break;
    case RouteKind::rest_health: co_await handle_rest_health(client, worker, *route); break;
    default: co_await handle_endpoint(client, worker, *route); break;
  }
}

}  // namespace postern::server
