#include "proxy/mcp/mcp_endpoint.hpp"

#include "base/json_cost.hpp"
#include "proxy/answer/relay.hpp"
#include "proxy/answer/session_errors.hpp"
#include "proxy/body_shares.hpp"
#include "proxy/cors.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"
#include "runtime/store_work.hpp"
#include "runtime/tenant_gate.hpp"

namespace postern::proxy {
namespace {

// What an error tells beside its code: `supported` of UnsupportedProtocolVersion (-32022).
void add_error_data(http::Response& response, const nlohmann::json& data) {
  if (!data.is_object()) return;
  auto body = nlohmann::json::parse(response.body, nullptr, false);
  if (!body.is_object() || !body["error"].is_object()) return;
  body["error"]["data"].update(data);
  response.body = body.dump();
}

// A denial in the answer of its request. MCP 2024-11-05 transports, "HTTP with SSE": there the POST is accepted, and
// its answer comes on the stream.
awaitable<http::Response> told_in_answer(McpExchange& x, authn::Refusal refused) {
  auto response = denial_response(x, refused);
  if (!x.messages || !x.session) co_return response;
  std::string session = x.session->id;
  auto& upstream = x.worker.upstream(*x.generation, *x.resource.upstream);
  const bool delivered = co_await upstream.deliver(std::move(session), std::move(response.body));
  if (!delivered) {
    const auto ended = session_has_ended();
    x.status = ended.status;
    x.error = ended.error;
    co_return authn::refusal_response(ended, &x.resource, x.context.id, &x.message->id);
  }
  response = {};
  response.status = 202;
  co_return response;
}

// The refusal as an answer, once the phases are over. Small bodies that were not read yet are, so that a refusal before
// the body phase carries the JSON-RPC id as well.
awaitable<void> refuse(McpExchange& x, const runtime::Route& route, authn::Refusal refused) {
  x.status = refused.status;
  x.error = refused.error;
  // The client has gone: one that only stopped sending would read an answer that other clients do not get.
  if (x.outcome == telemetry::Outcome::cancelled) co_return;
  const bool small = x.head().framing == http::Framing::content_length && x.head().content_length <= 64 * 1024;
  if (x.head().method == "POST" && !x.context.body_read && small && !x.head().expect_continue) {
    auto share = share_of(x);
    auto body = co_await x.client.read_body(64 * 1024, std::move(share));
    if (!body && body.error().status == 0) co_return;
    if (body && x.context.body_share.grow_to_work(body->size() + parsed_bytes(*body))) {
      if (auto message = mcp::read_message(*body)) x.message = std::move(*message);
    }
  }
  const bool has_id = x.message && x.message->kind == mcp::MessageKind::request;
  http::Response response;
  if (is_told_in_answer(x, refused)) {
    response = co_await told_in_answer(x, std::move(refused));
  } else {
    response =
        authn::refusal_response(refused, &x.resource, x.context.id, has_id ? &x.message->id : nullptr, x.error_code);
  }
  add_error_data(response, x.error_data);
  response.headers.set("X-Request-Id", x.context.id);
  if (x.status == 405) response.headers.set("Allow", route.methods);  // RFC 9110 section 15.5.6
  add_cors(response.headers, x.origin);
  co_await x.client.reply(std::move(response));
}

// One request, top to bottom.
awaitable<MaybeRefusal> run_phases(McpExchange& x) {
  // Before the token, so that a page that may call can read the challenge as well.
  auto refused = check_origin(x);
  if (refused) co_return refused;
  refused = co_await authenticate(x);
  if (refused) {
    refused = co_await unless_absent(x, std::move(*refused));
    co_return refused;
  }
  refused = co_await admit(x);
  if (refused) co_return refused;
  refused = co_await open_body(x);
  if (refused) co_return refused;
  refused = co_await stay_authenticated(x);
  if (refused) co_return refused;
  refused = open_mcp_session(x);
  if (refused) co_return refused;
  refused = co_await open_tasks(x);
  if (refused) co_return refused;
  refused = co_await authorize(x);
  if (refused) co_return refused;
  refused = co_await forward(x);
  co_return refused;
}

}  // namespace

awaitable<void> handle_mcp(edge::ClientExchange& client, runtime::Worker& worker,
                           std::shared_ptr<const runtime::Generation> generation, const runtime::Route& route) {
  const auto& resource = *route.resource;
  auto& context = client.request();
  if (context.head.method == "OPTIONS") {
    co_await client.reply(cors_preflight(context, *generation, resource));
    co_return;
  }
  McpExchange x{client, worker, context, resource, std::move(generation)};
  x.messages = route.kind == runtime::RouteKind::messages;
  auto refused = co_await run_phases(x);
  if (refused) co_await refuse(x, route, std::move(*refused));
  conclude(x);
}

}  // namespace postern::proxy
