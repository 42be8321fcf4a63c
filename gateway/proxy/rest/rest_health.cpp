#include "proxy/rest/rest_health.hpp"

#include "base/network.hpp"
#include "edge/error_body.hpp"
#include "proxy/cors.hpp"
#include "proxy/rest/rest_client.hpp"
#include "runtime/store_work.hpp"
#include "runtime/tenant_gate.hpp"
#include "runtime/upstream_factory.hpp"
#include "runtime/upstream_options.hpp"

namespace postern::proxy {
namespace {

constexpr std::chrono::seconds kProbe{3};

// A gateway in front of it says so when the server itself is away.
bool is_there(int status) { return status != 502 && status != 503 && status != 504; }

// Any answer of HTTP will do: what the server thinks of the question is not what is asked. A program is started by the
// calls that need it, not by whoever looks whether it is well.
awaitable<bool> can_be_reached(runtime::Worker& worker, std::shared_ptr<const runtime::Generation> generation,
                               const config::Upstream& settings) {
  if (!settings.command.empty()) co_return true;
  upstream::Request request;
  request.method = "OPTIONS";
  request.headers.set("Accept", "application/json");
  // A connection of its own for the transport of 2024, whose own ones are event streams.
  std::unique_ptr<upstream::Upstream> own;
  if (runtime::is_duplex(settings)) {
    own = generation->upstreams().make_plain(worker.io().get_executor(), settings);
  }
  auto& upstream = own ? *own : worker.upstream(*generation, settings);
  const auto answer = co_await exchange_within(upstream, std::move(request), kProbe);
  co_return answer.has_value() && is_there((*answer)->head().status);
}

awaitable<Result<bool>> is_well(runtime::Worker& worker, std::shared_ptr<const runtime::Generation> generation,
                                RestState& state, const edge::RequestContext& context,
                                const tenant::Resource& resource) {
  auto& services = worker.services();
  const std::function<Result<bool>()> work = [generation, resource] {
    return runtime::has_its_tenant(resource, *generation);
  };
  const auto there = co_await runtime::read_store<Result<bool>>(services, work);
  if (!there) co_return there.error();
  if (!*there) co_return fail(Errc::not_found, "no such tenant");
  auto& health = state.health;
  const auto& settings = *resource.upstream;
  switch (health.look(settings.name, context.started)) {
    case RestHealth::State::up: co_return true;
    case RestHealth::State::down: co_return false;
    case RestHealth::State::ask: break;
  }
  const bool up = co_await can_be_reached(worker, generation, settings);
  health.set(settings.name, up, std::chrono::steady_clock::now());
  co_return up;
}

http::Response answer(const Result<bool>& well, const std::string& id) {
  if (!well && well.error().code == Errc::not_found) {
    return edge::error_response(404, "not_found", "there is nothing at this address", id);
  }
  if (well && *well) return http::json_response(200, R"({"status":"ok"})");
  auto response = http::json_response(503, R"({"status":"unavailable"})");
  response.headers.set("Retry-After", "5");
  return response;
}

std::optional<http::Response> refused(const edge::RequestContext& context, const runtime::Route& route,
                                      const config::Rate& rate, limits::RateLimiters& limiters) {
  const auto method = context.head.method;
  if (method != "GET" && method != "HEAD") {
    auto response = edge::error_response(405, "method_not_allowed", "this address is read with GET", context.id);
    response.headers.set("Allow", route.methods);
    return response;
  }
  const int wait = limiters.call.take("health\n" + network_of(context.peer), context.started, rate);
  if (wait == 0) return std::nullopt;
  auto response = edge::error_response(429, "rate_limited",
                                       "too many requests; try again after the time in Retry-After", context.id);
  response.headers.set("Retry-After", std::to_string(wait));
  return response;
}

}  // namespace

awaitable<void> handle_rest_health(edge::ClientExchange& client, runtime::Worker& worker,
                                   std::shared_ptr<const runtime::Generation> generation, RestState& state,
                                   const runtime::Route& route) {
  auto& context = client.request();
  if (context.head.method == "OPTIONS") {
    co_await client.reply(cors_preflight(context, *generation, *route.resource, route.methods));
    co_return;
  }
  auto& services = worker.services();
  auto response = refused(context, route, generation->limits().call, services.counters.rates);
  if (!response) {
    const auto well = co_await is_well(worker, generation, state, context, *route.resource);
    response = answer(well, context.id);
  }
  response->headers.set("X-Request-Id", context.id);
  const auto origin = context.head.fields.only("origin");
  if (origin && generation->origin_allowed(*route.resource, *origin)) add_cors(response->headers, *origin);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - context.started).count();
  services.metrics.endpoint(to_string(route.kind), response->status, seconds);
  co_await client.reply(std::move(*response));
}

}  // namespace postern::proxy
