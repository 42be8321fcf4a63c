#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "limits/body_budget.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/refusals.hpp"
#include "proxy/rest/rest_state.hpp"
#include "proxy/running.hpp"
#include "rest/openapi.hpp"

namespace postern::proxy {

// What is asked of the server behind, in either era.
struct RestAsk {
  std::string_view method;
  std::string_view name;  // of the tool; empty for lists
  // The message with that id; `modern` as of rest/calls.hpp.
  std::function<std::string(const std::string& id, bool modern)> message;
  nlohmann::json input{};  // what headers are mirrored by: the tool's schema and its arguments
  nlohmann::json arguments{};
  std::size_t limit = 0;  // the longest answer, in bytes
};

// The JSON-RPC answer.
struct RestAnswer {
  nlohmann::json message;   // an object with result or error, as mcp::read_answer() reads the text
  std::string text;         // as it came; may be damaged
  limits::BodyShare share;  // of both
};

// The bridge as a client of MCP: opens sessions where there are such, asks, and answers what the server asks meanwhile.
// Lives in the request's coroutine; one thing at a time.
class RestClient {
 public:
  // `state` must outlive it.
  RestClient(McpExchange& exchange, RestState& state);

  // The caller's tools, as kept or as the server lists them now.
  awaitable<MaybeRefusal> tools(Running& running, RestToolsPtr& out);
  // As the server lists them now, for a tool that they do not hold; leaves `out` alone when that was done just now.
  awaitable<MaybeRefusal> tools_anew(Running& running, RestToolsPtr& out);
  awaitable<MaybeRefusal> ask(Running& running, const RestAsk& what, RestAnswer& answer);
  // MCP 2025-11-25, "Cancellation": tells a server with sessions that nobody waits for the answer under way any more;
  // does nothing when none is.
  awaitable<void> cancel();

 private:
  struct Received {
    RestAnswer answer;    // its message is null: none, as to a notification
    std::string session;  // Mcp-Session-Id
    std::string address;
    bool lost_session = false;
  };

  Result<upstream::Request> request(std::string body, const http::Headers& more) const;
  http::Headers session_headers() const;
  awaitable<MaybeRefusal> open(Running& running);
  awaitable<MaybeRefusal> initialize(Running& running);
  awaitable<MaybeRefusal> try_modern(Running& running, MaybeRefusal otherwise);
  awaitable<MaybeRefusal> keep(RestSession made);
  awaitable<MaybeRefusal> send(Running& running, std::string body, http::Headers more, std::string id,
                               std::size_t limit, Received& out);
  awaitable<MaybeRefusal> read_answer(Running& running, std::string id, std::size_t limit, Received& out);
  awaitable<MaybeRefusal> read_events(Running& running, std::string id, std::size_t limit, Received& out);
  awaitable<MaybeRefusal> take_event(Running& running, std::string data, std::string id, limits::BodyShare& share,
                                     Received& out);
  MaybeRefusal answer_question(const Running& running, const std::string& name, const nlohmann::json& id);
  awaitable<MaybeRefusal> list(Running& running, std::vector<rest::Tool>& out, limits::BodyShare& share,
                               std::size_t& bytes);
  void warn_of(const rest::ToolPage& page) const;
  awaitable<MaybeRefusal> list_with_others(Running& running, std::string key, RestToolsPtr& out);
  awaitable<MaybeRefusal> make_tools(Running& running, const std::string& key, RestToolsPtr& out);
  awaitable<upstream::DocumentText> provider_document();
  awaitable<void> tell(std::string method, std::string body);
  // The same beside the call, which goes on at once.
  void tell_aside(std::string method, std::string body);
  std::string next_id();
  Result<std::string> tools_key() const;

  McpExchange& x_;
  RestState& state_;
  std::string caller_;
  RestSession session_;
  std::string under_way_;  // the id of the call that the server works on
  int asked_ = 0;
  int answered_ = 0;
};

// limits.body_memory is used up.
authn::Refusal no_memory_for_answer();

// An exchange that is given up after that time, for what nobody waits for.
awaitable<Result<std::unique_ptr<upstream::Exchange>>> exchange_within(upstream::Upstream& upstream,
                                                                       upstream::Request request,
                                                                       std::chrono::seconds time);

}  // namespace postern::proxy
