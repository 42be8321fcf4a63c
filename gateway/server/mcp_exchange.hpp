#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authn/challenge.hpp"
#include "crypto/hash.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/method.hpp"
#include "policy/policy.hpp"
#include "server/client_exchange.hpp"
#include "server/session_id.hpp"
#include "server/task_id.hpp"
#include "server/worker.hpp"
#include "token/principal.hpp"

namespace postern::server {

// Everything known about one request on a resource, filled in phase by phase. Lives in the request's coroutine.
struct McpExchange {
  ClientExchange& client;
  Worker& worker;
  RequestContext& context;
  const tenant::Resource& resource;

  std::shared_ptr<const token::Principal> principal{};
  crypto::Digest token_digest{};       // what the cache knows the token by: of our own tokens their SHA-256
  std::uint64_t token_generation = 0;  // of the cache, read before the token was looked at
  std::string body{};
  std::size_t body_size = 0;              // of the body as it was sent, in bytes
  std::optional<mcp::Message> message{};  // of a POST
  bool modern = false;                    // era of the request
  std::optional<Session> session{};
  // The tasks that the message names, the one that its method is about first; later those that its answer makes.
  std::vector<KnownTask> tasks{};
  bool may_make_task = false;  // the answer may be a task, of the tool that is called
  bool messages = false;       // at the address clients of 2024-11-05 post to
  bool rest = false;           // one of REST: the message is ours
  policy::Decision decision{};
  std::string origin{};  // of a browser, once allowed

  // For metrics and the audit line.
  int status = 0;
  std::string error{};
  int error_code = 0;           // JSON-RPC code of a refusal; 0: the one of refusals
  nlohmann::json error_data{};  // further members of the JSON-RPC error's data
  telemetry::Outcome outcome = telemetry::Outcome::ok;

  Services& services() const { return worker.services(); }
  const http::RequestHead& head() const { return context.head; }
  const mcp::Method* method() const { return message ? &mcp::find_method(message->method) : nullptr; }
};

// A refusal of the design's table, by what it needs to be told apart.
authn::Refusal refusal(int status, std::string error, std::string description);
// 503 `temporarily_unavailable`, to be tried again after two seconds.
authn::Refusal try_again(std::string description);
authn::Refusal challenged(int status, std::string error, std::string description, std::string challenge_error);

using MaybeRefusal = std::optional<authn::Refusal>;

// The phases, in their own files. Each fills the exchange or says what to refuse.
MaybeRefusal check_origin(McpExchange& exchange);
awaitable<MaybeRefusal> authenticate(McpExchange& exchange);
// The same for a resource whose tokens are made elsewhere.
awaitable<MaybeRefusal> authenticate_external(McpExchange& exchange, std::string token);
// The token itself is at fault; anything else is the gateway's own trouble and must not cost a client its tokens.
bool is_verdict(const Error& error);
authn::Refusal store_away();
// Again, if anything of the token, its grant, user or tenant has changed since: a grant may be revoked while its call
// still comes in.
awaitable<MaybeRefusal> stay_authenticated(McpExchange& exchange);
awaitable<MaybeRefusal> admit(McpExchange& exchange);
// Takes a turn in the budget of calls of `key`; await_turn() waits for one that comes soon.
MaybeRefusal check_rate(const McpExchange& exchange, std::string_view key);
awaitable<MaybeRefusal> await_turn(McpExchange& exchange, std::string key);
awaitable<MaybeRefusal> open_body(McpExchange& exchange);
// Of what the exchange reads: counted for its user, and before that is known, or for nobody, for the client's address.
// Strangers have a budget of their own, so that they never cost a call its place.
BodyShare share_of(const McpExchange& exchange);
// limits.body_memory is used up.
authn::Refusal no_memory_for_body();
MaybeRefusal open_mcp_session(McpExchange& exchange);
// Puts the ids of the server behind into the body, in place of those that clients know.
awaitable<MaybeRefusal> open_tasks(McpExchange& exchange);
awaitable<MaybeRefusal> authorize(McpExchange& exchange);
policy::Caller policy_caller(const token::Principal& principal);
// The headers that the server behind trusts: those of the configuration, filled in for the caller.
Result<void> add_own_headers(const Snapshot& snapshot, const tenant::Resource& resource,
                             const token::Principal& principal, http::Headers& headers);
// Who a request is for, where the server behind keeps something for each caller.
std::string caller_of(const token::Principal& principal);
// Takes the body with it.
Result<upstream::Request> upstream_request(McpExchange& exchange);
awaitable<MaybeRefusal> forward(McpExchange& exchange);

// The stream of a client of 2024-11-05 (transports, "HTTP with SSE"): it opens its session.
bool opens_old_stream(const McpExchange& exchange);
// Listens for what the server sends by itself, rather than waiting for an answer.
bool is_listening(const McpExchange& exchange);

// Whether a refusal is told in the answer to the request's method, with status 200, rather than by the status.
bool is_told_in_answer(const McpExchange& exchange, const authn::Refusal& refused);
http::Response denial_response(const McpExchange& exchange, const authn::Refusal& refused);

// CORS for browser clients of a resource (Fetch standard): the preflight's answer, and the headers of every other one.
http::Response cors_preflight(const RequestContext& context, const tenant::Resource& resource,
                              std::string_view methods = "GET, POST, DELETE, OPTIONS");
void add_cors(http::Headers& headers, std::string_view origin);

// A tenant that is not there, or whose plan does not include the resource, has no address here: whoever asks without a
// good token is not told to sign in.
awaitable<MaybeRefusal> unless_absent(McpExchange& exchange, authn::Refusal refused);

// One line a request: who, what, and what became of it.
void audit(const McpExchange& exchange);
// The request is over: metrics and the audit line.
void conclude(McpExchange& exchange);

}  // namespace postern::server
