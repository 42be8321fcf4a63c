#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/refusals.hpp"

namespace postern::proxy {

// The phases of a request on a resource, each in a file of its name. Each fills the exchange or says what to refuse.
MaybeRefusal check_origin(McpExchange& exchange);  // admit.cpp
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
MaybeRefusal open_mcp_session(McpExchange& exchange);  // mcp_session.cpp
// Puts the ids of the server behind into the body, in place of those that clients know (mcp_tasks.cpp).
awaitable<MaybeRefusal> open_tasks(McpExchange& exchange);
awaitable<MaybeRefusal> authorize(McpExchange& exchange);
awaitable<MaybeRefusal> forward(McpExchange& exchange);

// Whether a refusal is told in the answer to the request's method, with status 200, rather than by the status
// (denial.cpp).
bool is_told_in_answer(const McpExchange& exchange, const authn::Refusal& refused);
http::Response denial_response(const McpExchange& exchange, const authn::Refusal& refused);

// A tenant that is not there, or whose plan does not include the resource, has no address here: whoever asks without a
// good token is not told to sign in.
awaitable<MaybeRefusal> unless_absent(McpExchange& exchange, authn::Refusal refused);

// One line a request: who, what, and what became of it.
void audit(const McpExchange& exchange);
// The request is over: metrics and the audit line (audit.cpp).
void conclude(McpExchange& exchange);

}  // namespace postern::proxy
