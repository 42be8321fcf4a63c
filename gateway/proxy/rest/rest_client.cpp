#include "proxy/rest/rest_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "mcp/header_check.hpp"
#include "proxy/answer/relay.hpp"
#include "proxy/answer/upstream_refusal.hpp"
#include "proxy/callers.hpp"
#include "proxy/phases/upstream_request.hpp"
#include "proxy/upstream_failure.hpp"
#include "rest/calls.hpp"

namespace postern::proxy {
namespace {

constexpr std::size_t kOpeningLimit = 1024 * 1024;
constexpr std::chrono::seconds kTelling{5};

authn::Refusal broken(std::string what) { return refusal(502, "upstream_error", std::move(what)); }

authn::Refusal cannot_open(const nlohmann::json& answer) {
  const auto error = answer.find("error");
  const bool coded =
      error != answer.end() && error->is_object() && error->contains("code") && (*error)["code"].is_number_integer();
  return broken("the server behind this gateway refused to begin a session" +
                (coded ? " (its error was " + (*error)["code"].dump() + ")" : std::string()));
}

// Of an answer to initialize; empty when it is none.
std::string agreed_version(const nlohmann::json& answer) {
  const auto result = answer.find("result");
  if (result == answer.end() || !result->is_object()) return {};
  const auto version = result->find("protocolVersion");
  if (version == result->end() || !version->is_string()) return {};
  auto text = version->get<std::string>();
  return mcp::is_known_version(text) && !mcp::is_modern_version(text) ? text : std::string();
}

// Something to tell a server behind, with all that it needs when the call it belongs to is over.
struct Telling {
  runtime::Worker& worker;
  std::shared_ptr<const runtime::Generation> generation;  // whose upstream it is
  const config::Upstream& settings;
  upstream::Request request;
  std::string id;  // of the call
};

// Told for courtesy: a server that does not hear it ends what it has by itself.
awaitable<void> tell_it(Telling telling) {
  auto& upstream = telling.worker.upstream(*telling.generation, telling.settings);
  const auto told = co_await exchange_within(upstream, std::move(telling.request), kTelling);
  if (told) co_return;
  telling.worker.services().log.info("upstream_not_told", {{"request_id", telling.id}, {"what", told.error().what}});
}

}  // namespace

RestClient::RestClient(McpExchange& exchange, RestState& state)
    : x_(exchange), state_(state), caller_(exchange.resource.upstream->name + '\n' + caller_of(*exchange.principal)) {}

std::string RestClient::next_id() { return x_.context.id + "." + std::to_string(++asked_); }

// Nothing of what the client sent but what traces it.
Result<upstream::Request> RestClient::request(std::string body, const http::Headers& more) const {
  upstream::Request made;
  made.method = "POST";
  made.body = std::move(body);
  made.caller = caller_of(*x_.principal);
  made.user = x_.principal->user;
  made.address = session_.address;
  made.headers.set("Content-Type", "application/json");
  made.headers.set("Accept", "application/json, text/event-stream");
  for (const auto* name : {"User-Agent", "traceparent", "tracestate"}) {
    if (const auto value = x_.head().fields.only(name)) made.headers.set(name, *value);
  }
  for (const auto& [name, value] : more.all()) {
    if (!made.headers.set(name, value)) return fail(Errc::invalid, name + " cannot be set");
  }
  if (auto added = add_own_headers(*x_.generation, x_.resource, *x_.principal, made.headers); !added)
    return added.error();
  return made;
}

// MCP 2025-06-18 transports, "Protocol Version Header" and "Session Management".
http::Headers RestClient::session_headers() const {
  http::Headers headers;
  headers.set("MCP-Protocol-Version", session_.version);
  if (!session_.id.empty()) headers.set("Mcp-Session-Id", session_.id);
  return headers;
}

awaitable<MaybeRefusal> RestClient::ask(Running& running, const RestAsk& what, RestAnswer& answer) {
  for (bool again = false;; again = true) {
    auto refused = co_await open(running);
    if (refused) co_return refused;
    auto headers = session_headers();
    if (session_.modern) {
      headers = {};
      for (const auto& [name, value] : rest::mirrored_headers(what.method, what.name, what.input, what.arguments)) {
        headers.set(name, value);
      }
    }
    auto id = next_id();
    auto body = what.message(id, session_.modern);
    Received received;
    under_way_ = id;
    refused = co_await send(running, std::move(body), std::move(headers), id, what.limit, received);
    // What was given up is still worked on.
    const bool given_up = running.slot.cancelled() || (refused && refused->status == 504);
    if (!given_up) under_way_.clear();
    // Without a session nothing tells that the server has become one of another era: that is found out anew.
    if (session_.id.empty() && (refused || running.answer->head().status / 100 != 2)) {
      state_.sessions.forget(caller_, session_);
    }
    if (refused) co_return refused;
    if (received.lost_session) {
      // A server that does not know the session has not looked at the call: it is safe to send it once more (MCP
      // 2025-06-18 transports, "Session Management").
      state_.sessions.forget(caller_, session_);
      if (!again) continue;
      co_return broken("the server behind this gateway ends each session that it begins");
    }
    if (!received.answer.message.is_object()) co_return broken("the server behind this gateway did not answer");
    answer = std::move(received.answer);
    co_return std::nullopt;
  }
}

// The era of sessions is tried first: it is the one of servers that need a gateway.
awaitable<MaybeRefusal> RestClient::open(Running& running) {
  const auto idle = x_.resource.upstream->session_idle;
  if (auto kept = state_.sessions.find(caller_, std::chrono::steady_clock::now(), idle)) {
    session_ = std::move(*kept);
    co_return std::nullopt;
  }
  session_ = {};
  auto refused = co_await initialize(running);
  co_return refused;
}

awaitable<MaybeRefusal> RestClient::initialize(Running& running) {
  auto id = next_id();
  Received received;
  http::Headers none;
  auto body = rest::initialize_message(id);
  auto refused = co_await send(running, std::move(body), std::move(none), id, kOpeningLimit, received);
  if (refused) co_return refused;
  const auto version = received.answer.message.is_object() ? agreed_version(received.answer.message) : std::string();
  if (version.empty()) {
    auto otherwise =
        cannot_open(received.answer.message.is_object() ? received.answer.message : nlohmann::json::object());
    refused = co_await try_modern(running, std::move(otherwise));
    co_return refused;
  }
  if (!received.session.empty() && !http::is_field_value(received.session)) {
    co_return broken("the server behind this gateway sent a session id that cannot be sent back");
  }
  session_.version = version;
  session_.id = received.session;
  session_.address = received.address;
  body = rest::initialized_message();
  auto headers = session_headers();
  std::string no_id;
  refused = co_await send(running, std::move(body), std::move(headers), std::move(no_id), kOpeningLimit, received);
  if (refused) co_return refused;
  refused = co_await keep(session_);
  co_return refused;
}

awaitable<MaybeRefusal> RestClient::try_modern(Running& running, MaybeRefusal otherwise) {
  auto id = next_id();
  Received received;
  http::Headers headers;
  for (const auto& [name, value] : rest::mirrored_headers("server/discover", {}, nullptr, nullptr)) {
    headers.set(name, value);
  }
  auto body = rest::discover_message(id);
  auto refused = co_await send(running, std::move(body), std::move(headers), id, kOpeningLimit, received);
  if (refused) co_return refused;
  const bool discovered = received.answer.message.is_object() && received.answer.message.contains("result");
  if (!discovered) co_return otherwise;
  session_.modern = true;
  session_.version = rest::kModernVersion;
  session_ = state_.sessions.keep(caller_, session_, std::chrono::steady_clock::now());
  co_return std::nullopt;
}

// Of two first calls at once one session counts, so that both meet what the other left in it.
awaitable<MaybeRefusal> RestClient::keep(RestSession made) {
  session_ = state_.sessions.keep(caller_, made, std::chrono::steady_clock::now());
  if (made.id.empty() || session_.id == made.id) co_return std::nullopt;
  std::swap(session_, made);
  tell_aside("DELETE", {});
  std::swap(session_, made);
  co_return std::nullopt;
}

awaitable<void> RestClient::tell(std::string method, std::string body) {
  auto headers = session_headers();
  auto made = request(std::move(body), headers);
  if (!made) co_return;
  made->method = std::move(method);
  Telling telling{x_.worker, x_.generation, *x_.resource.upstream, std::move(*made), x_.context.id};
  co_await tell_it(std::move(telling));
}

void RestClient::tell_aside(std::string method, std::string body) {
  auto made = request(std::move(body), session_headers());
  if (!made) return;
  made->method = std::move(method);
  auto& worker = x_.worker;
  Telling telling{worker, x_.generation, *x_.resource.upstream, std::move(*made), x_.context.id};
  auto* log = &worker.services().log;
  boost::asio::co_spawn(worker.io(), tell_it(std::move(telling)), [log](std::exception_ptr error) {
    if (error) log->error("upstream_telling_broke", {});
  });
}

awaitable<void> RestClient::cancel() {
  if (under_way_.empty() || session_.modern) co_return;  // there, the stream that is closed says it
  const nlohmann::json message = {{"jsonrpc", "2.0"},
                                  {"method", "notifications/cancelled"},
                                  {"params", {{"requestId", under_way_}, {"reason", "the caller has gone"}}}};
  under_way_.clear();
  std::string method = "POST";
  auto body = message.dump();
  co_await tell(std::move(method), std::move(body));
}

awaitable<MaybeRefusal> RestClient::send(Running& running, std::string body, http::Headers more, std::string id,
                                         std::size_t limit, Received& out) {
  auto made = request(std::move(body), more);
  if (!made) co_return header_template_failed(x_, made.error());
  auto& upstream = x_.worker.upstream(*x_.generation, *x_.resource.upstream);
  running.answer.reset();
  auto sent = std::move(*made);
  auto answer = co_await upstream.exchange(std::move(sent), running.slot);
  if (!answer) co_return failure_of_upstream(x_, answer.error());
  running.answer = std::move(*answer);
  const auto& head = running.answer->head();
  out = {};
  out.session = head.fields.only("mcp-session-id").value_or("");
  out.address = running.answer->address();
  // MCP 2025-06-18 transports, "Session Management": 404 says that the session has ended.
  if (head.status == 404 && !session_.id.empty()) {
    out.lost_session = true;
    co_return std::nullopt;
  }
  auto refused = refused_by_upstream(x_, head, media_type_of(head));
  if (refused) co_return refused;
  if (id.empty() && head.status / 100 == 2) co_return std::nullopt;
  refused = co_await read_answer(running, std::move(id), limit, out);
  co_return refused;
}

awaitable<Result<std::unique_ptr<upstream::Exchange>>> exchange_within(upstream::Upstream& upstream,
                                                                       upstream::Request request,
                                                                       std::chrono::seconds time) {
  const auto slot = std::make_shared<upstream::CancelSlot>();
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor, time);
  timer.async_wait([slot](const boost::system::error_code& ended) {
    if (!ended) slot->cancel();
  });
  auto answer = co_await upstream.exchange(std::move(request), *slot);
  timer.cancel();
  co_return answer;
}

}  // namespace postern::proxy
