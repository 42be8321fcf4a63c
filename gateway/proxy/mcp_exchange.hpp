#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/hash.hpp"
#include "edge/client_exchange.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/method.hpp"
#include "policy/policy.hpp"
#include "proxy/session/session_id.hpp"
#include "proxy/session/task_id.hpp"
#include "runtime/worker.hpp"
#include "token/principal.hpp"

namespace postern::proxy {

using net::awaitable;

// Everything known about one request on a resource, filled in phase by phase. Lives in the request's coroutine.
struct McpExchange {
  edge::ClientExchange& client;
  runtime::Worker& worker;
  edge::RequestContext& context;
  const tenant::Resource& resource;
  std::shared_ptr<const runtime::Generation> generation;  // pinned: what a request began with it ends with

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

  runtime::Services& services() const { return worker.services(); }
  const http::RequestHead& head() const { return context.head; }
  const mcp::Method* method() const { return message ? &mcp::find_method(message->method) : nullptr; }
};

}  // namespace postern::proxy
