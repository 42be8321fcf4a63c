#include "base/json_cost.hpp"
#include "server/mcp_exchange.hpp"
#include "server/relay.hpp"
#include "server/route_handlers.hpp"
#include "server/store_work.hpp"
#include "server/tenant_gate.hpp"

namespace postern::server {
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
  auto& upstream = x.worker.upstream(*x.resource.upstream);
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
awaitable<void> refuse(McpExchange& x, authn::Refusal refused) {
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

telemetry::Outcome outcome_of(const McpExchange& x) {
  using telemetry::Outcome;
  if (x.outcome != Outcome::ok) return x.outcome;
  if (x.error.empty()) return Outcome::ok;
  switch (x.status) {
    case 401: return Outcome::unauthorized;
    case 403: return x.error == "insufficient_scope" ? Outcome::step_up : Outcome::forbidden;
    case 429: return Outcome::limited;
    case 502:
    case 504: return Outcome::upstream_error;
    case 503: return Outcome::unavailable;
    default: return Outcome::refused;
  }
}

}  // namespace

// A tenant that is not there, or whose plan does not include the resource, has no address here: whoever asks without a
// good token is not told to sign in.
awaitable<MaybeRefusal> unless_absent(McpExchange& x, authn::Refusal refused) {
  if (refused.status != 401 || x.resource.fixed_tenant.empty()) co_return refused;
  const std::function<Result<bool>()> work = [snapshot = x.context.snapshot, resource = x.resource] {
    return has_its_tenant(resource, *snapshot);
  };
  const auto there = co_await read_store<Result<bool>>(x.services(), work);
  if (there && *there) co_return refused;
  if (there) {
    auto absent = refusal(404, "not_found", "there is nothing at this address");
    co_return absent;
  }
  auto away = refusal(503, "temporarily_unavailable", "the gateway is busy; try again in a moment");
  away.retry_after = 2;
  co_return away;
}

void conclude(McpExchange& x) {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - x.context.started).count();
  x.outcome = outcome_of(x);
  x.context.snapshot->metrics(x.resource).request(x.outcome, seconds);
  audit(x);
}

awaitable<void> handle_mcp(ClientExchange& client, Worker& worker, const Route& route) {
  const auto& resource = *route.resource;
  auto& context = client.request();
  McpExchange x{client, worker, context, resource};
  x.messages = route.kind == RouteKind::messages;
  if (context.head.method == "OPTIONS") {
    co_await client.reply(cors_preflight(context, resource));
    co_return;
  }
  auto refused = co_await run_phases(x);
  if (refused) co_await refuse(x, std::move(*refused));
  conclude(x);
}

}  // namespace postern::server
