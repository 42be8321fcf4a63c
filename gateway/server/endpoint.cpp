#include "server/endpoint.hpp"

#include <algorithm>
#include <vector>

#include "http/form.hpp"
#include "limits/request_log.hpp"
#include "server/endpoint_run.hpp"
#include "server/fetch_wanted.hpp"
#include "server/first_check.hpp"
#include "server/hash_wanted.hpp"
#include "web/pages.hpp"

namespace postern::server {
namespace {

constexpr std::size_t kEndpointBody = 128 * 1024;
constexpr std::size_t kRegistrationBody = 16 * 1024;  // it is kept

// Browser clients fetch metadata, register and get tokens from their own origin: any origin may, without credentials.
// Pages are never shared (RFC 9700 section 4.16 and the OAuth 2.1 note on the authorization endpoint).
void allow_any_origin(http::Response& response, runtime::RouteKind kind) {
  if (is_page(kind) || kind == runtime::RouteKind::introspect) return;
  response.headers.set("Access-Control-Allow-Origin", "*");
  response.headers.set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After");
}

http::Response preflight(const runtime::Route& route) {
  http::Response response;
  response.status = 204;
  allow_any_origin(response, route.kind);
  response.headers.set("Access-Control-Allow-Methods", route.methods);
  response.headers.set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, MCP-Protocol-Version");
  response.headers.set("Access-Control-Max-Age", "7200");
  return response;
}

bool method_allowed(std::string_view methods, std::string_view method) {
  for (std::size_t at = methods.find(method); at != std::string_view::npos; at = methods.find(method, at + 1)) {
    const auto end = at + method.size();
    if ((at == 0 || methods[at - 1] == ' ') && (end == methods.size() || methods[end] == ',')) return true;
  }
  return false;
}

http::Request to_request(const edge::RequestContext& context, std::string body, const std::string& origin) {
  http::Request request;
  request.method = context.head.method;
  request.path = http::percent_decode(context.head.path).value_or(std::string(context.head.path));
  request.query = context.head.query;
  for (const auto& field : context.head.fields.all()) request.fields.emplace_back(field.name, field.value);
  request.body = std::move(body);
  request.peer = context.peer;
  request.origin = origin;
  request.request_id = context.id;
  return request;
}

// 0, or the seconds to wait. Only what writes or costs is counted, by the networks of the address.
int over_limit(limits::RateLimiters& limiters, const config::Limits& allowed, const runtime::Route& route,
               const edge::RequestContext& context) {
  const auto now = context.started;
  const auto& from = context.peer;
  // Each request looks up a client that anybody may name, whatever the method.
  const bool by_anybody = route.kind == runtime::RouteKind::authorize || route.kind == runtime::RouteKind::login_return;
  // Each looks up all that a user has, once there is one.
  if (by_anybody || is_account_page(route.kind)) return limiters.authorize.take(from, now, allowed.authorize);
  if (context.head.method != "POST") return 0;
  switch (route.kind) {
    case runtime::RouteKind::token:
    case runtime::RouteKind::revoke:
    case runtime::RouteKind::introspect: return limiters.token.take(from, now, allowed.token);
    case runtime::RouteKind::register_client: return limiters.register_.take(from, now, allowed.register_);
    case runtime::RouteKind::login: return limiters.sign_in.take(from, now, allowed.sign_in);
    default: return 0;
  }
}

http::Response too_many(const runtime::Route& route, int wait, const std::string& id) {
  auto response =
      page_or_json(route, 429, "slow_down", "Too many tries", "Too many requests from here; wait a little.", id);
  response.headers.set("Retry-After", std::to_string(wait));
  return response;
}

std::optional<http::Response> refused_before_its_body(limits::RateLimiters& limiters, const config::Limits& allowed,
                                                      const runtime::Route& route,
                                                      const edge::RequestContext& context) {
  if (!method_allowed(route.methods, context.head.method)) {
    auto response = page_or_json(route, 405, "method_not_allowed", "Method not allowed",
                                 "This address takes " + std::string(route.methods) + ".", context.id);
    response.headers.set("Allow", route.methods);
    return response;
  }
  if (const int wait = over_limit(limiters, allowed, route, context); wait > 0) {
    return too_many(route, wait, context.id);
  }
  return std::nullopt;
}

// An endpoint runs again for each thing that it turns out to need: a password to be hashed, a document, or to write.
// Documents are that of the client, its keys, these once more when they have changed, what a provider publishes, and
// its answer to a code.
net::awaitable<http::Response> work_out(runtime::Worker& worker, std::shared_ptr<const runtime::Generation> generation,
                                        const edge::RequestContext& context, runtime::Route route, std::string body,
                                        std::shared_ptr<std::vector<std::string>> tool_checks,
                                        std::shared_ptr<limits::RequestLog> log) {
  constexpr int kMostFetches = 5;
  auto& services = worker.services();
  const std::string scheme = context.listener.secure ? "https://" : "http://";
  auto request = to_request(context, std::move(body), scheme + std::string(context.head.authority));
  const auto run = std::make_shared<EndpointRun>(services, route, std::move(request), std::move(generation),
                                                 std::move(tool_checks), log);
  bool may_write = false;
  for (int fetches = 0;;) {
    auto done = co_await attempt(run, may_write);
    if (!done) co_return could_not_be_run(done.error(), route, *log, context.id);
    if (run->password.wanted()) {
      std::shared_ptr<idp::PasswordCheck> password(run, &run->password);
      std::string peer = run->request.peer;
      const auto hashed = co_await hash_wanted(services, std::move(password), std::move(peer));
      if (!hashed) co_return could_not_be_run(hashed.error(), route, *log, context.id);
      continue;
    }
    if (run->documents.wanted() && fetches++ < kMostFetches) {
      const int wait =
          co_await fetch_wanted(services, run->generation, run->documents, run->request, *log, context.started);
      if (wait > 0) co_return too_many(route, wait, context.id);
      continue;
    }
    if (!done->wants_write) co_return std::move(done->response);
    may_write = true;
  }
}

void record(runtime::Services& services, const runtime::Route& route, const edge::RequestContext& context, int status,
            limits::RequestLog& log) {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - context.started).count();
  services.metrics.endpoint(to_string(route.kind), status, seconds);
  if (!log.admits(status >= 400 ? telemetry::StrangerLine::refused : telemetry::StrangerLine::answered)) return;
  services.log.info("endpoint", {{"request_id", context.id},
                                 {"route", to_string(route.kind)},
                                 {"method", context.head.method},
                                 {"status", status},
                                 {"peer", context.peer},
                                 {"ms", seconds * 1000}});
}

}  // namespace

net::awaitable<void> handle_endpoint(edge::ClientExchange& client, runtime::Worker& worker,
                                     std::shared_ptr<const runtime::Generation> generation,
                                     const runtime::Route& route) {
  auto& services = worker.services();
  const auto& context = client.request();
  if (context.head.method == "OPTIONS" && method_allowed(route.methods, "OPTIONS")) {
    co_await client.reply(preflight(route));
    co_return;
  }
  const auto tool_checks = std::make_shared<std::vector<std::string>>();
  const auto log = std::make_shared<limits::RequestLog>(services.log, services.counters.refusals, context.peer);
  auto response = refused_before_its_body(services.counters.rates, generation->limits(), route, context);
  if (!response) {
    const bool kept = route.kind == runtime::RouteKind::register_client;
    limits::BodyShare share(services.counters.endpoint_bodies, limits::kEndpointBodies, {.address = context.peer});
    auto body = co_await client.read_body(kept ? kRegistrationBody : kEndpointBody, std::move(share));
    if (body) {
      std::string whole = std::move(*body);
      response = co_await work_out(worker, generation, context, route, std::move(whole), tool_checks, log);
    } else if (const auto fault = body.error(); fault.status != 0) {
      // `limits.body` is for calls: what an endpoint takes is fixed.
      const bool large = fault.status == 413;
      response = page_or_json(route, fault.status, fault.error, "Not understood",
                              large ? "The body is larger than this address takes; send less." : fault.description,
                              context.id);
      if (fault.retry_after > 0) response->headers.set("Retry-After", std::to_string(fault.retry_after));
    } else {
      co_return;
    }
  }
  allow_any_origin(*response, route.kind);
  response->headers.set("X-Request-Id", context.id);
  record(services, route, context, response->status, *log);
  co_await client.reply(std::move(*response));
  for (const auto& grant : *tool_checks) begin_tool_check(worker, generation, grant);
}

}  // namespace postern::server
