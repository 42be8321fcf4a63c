#include "mcp/answer.hpp"
#include "mcp/repair.hpp"
#include "mcp/sse.hpp"
#include "rest/calls.hpp"
#include "server/relay.hpp"
#include "server/rest_client.hpp"

namespace postern::server {
namespace {

constexpr int kMostQuestions = 32;

authn::Refusal broken(std::string what) { return refusal(502, "upstream_error", std::move(what)); }

authn::Refusal damaged() { return broken("the answer of the server behind this gateway broke off or is damaged"); }

authn::Refusal too_long() {
  return broken("the answer of the server behind this gateway is longer than REST can carry");
}

// What ended the reading of an answer.
authn::Refusal failure_of_body(McpExchange& x, const Error& error) {
  return error.code == Errc::cancelled || error.code == Errc::timed_out ? failure_of_upstream(x, error) : damaged();
}

}  // namespace

authn::Refusal no_memory_for_answer() {
  auto refused = refusal(503, "temporarily_unavailable",
                         "the gateway holds as many large answers as it may; try again in a moment");
  refused.retry_after = 2;
  return refused;
}

awaitable<MaybeRefusal> RestClient::read_answer(Running& running, std::string id, std::size_t limit, Received& out) {
  auto& answer = *running.answer;
  const auto type = media_type_of(answer.head());
  const int status = answer.head().status;
  if (type == "text/event-stream" && status / 100 == 2) {
    auto refused = co_await read_events(running, std::move(id), limit, out);
    co_return refused;
  }
  if (type != "application/json") {
    co_return broken("the server behind this gateway sent neither JSON nor an event stream (its status was " +
                     std::to_string(status) + ")");
  }
  BodyShare share(x_.services().bodies);
  std::string whole;
  auto bytes = answer.body_at_hand();
  for (;;) {
    if (!bytes) co_return failure_of_body(x_, bytes.error());
    if (whole.size() + bytes->size() > limit) co_return too_long();
    if (!share.grow_to(whole.size() + bytes->size())) co_return no_memory_for_answer();
    whole += *bytes;
    if (answer.finished()) break;
    bytes = co_await answer.read_body();
  }
  const nlohmann::json own_id = id;
  if (status == 400 && !session_.id.empty() && is_about_session(whole, id.empty() ? nullptr : &own_id)) {
    out.lost_session = true;
    co_return std::nullopt;
  }
  auto message = mcp::read_answer(whole);
  if (!message) co_return broken("the server behind this gateway sent an answer that is not an MCP message");
  out.answer = {std::move(*message), std::move(whole), std::move(share)};
  co_return std::nullopt;
}

// MCP 2025-06-18 transports, "Sending Messages to the Server": the answer is among the events, and the stream's other
// messages before it. An event that cannot be read, and cannot be the answer, costs only itself.
awaitable<MaybeRefusal> RestClient::read_events(Running& running, std::string id, std::size_t limit, Received& out) {
  auto& answer = *running.answer;
  BodyShare share(x_.services().bodies);
  mcp::SseSplitter splitter(limit);
  auto bytes = answer.body_at_hand();
  for (;;) {
    if (!bytes) co_return failure_of_body(x_, bytes.error());
    if (!share.grow_to(splitter.rest().size() + bytes->size())) co_return no_memory_for_answer();
    (void)splitter.feed(*bytes);
    for (auto event = splitter.next(); !event.empty(); event = splitter.next()) {
      auto data = mcp::sse_data(event);
      if (data.empty()) continue;
      if (splitter.is_cut()) {
        if (mcp::may_answer(mcp::read_envelope(data), id)) co_return too_long();
        continue;
      }
      auto refused = co_await take_event(running, std::move(data), id, out);
      if (refused) co_return refused;
      if (out.answer.message.is_null()) continue;
      out.answer.share = std::move(share);
      co_return std::nullopt;
    }
    if (answer.finished()) co_return damaged();
    bytes = co_await answer.read_body();
  }
}

awaitable<MaybeRefusal> RestClient::take_event(Running& running, std::string data, std::string id, Received& out) {
  const auto envelope = mcp::read_envelope(data);
  if (!envelope.has_method()) {
    if (!mcp::may_answer(envelope, id)) co_return std::nullopt;  // the answer to another request, or a keep-alive
    auto message = mcp::read_answer(data);
    if (!message) co_return damaged();
    if (message->value("id", nlohmann::json()) != id) co_return std::nullopt;
    out.answer.message = std::move(*message);
    out.answer.text = std::move(data);
    co_return std::nullopt;
  }
  const auto repaired = mcp::repaired_text(data);
  const auto read = mcp::parse_json(repaired ? *repaired : data, mcp::kListLimits);
  if (!read || !read->is_object()) co_return std::nullopt;
  const auto& message = *read;
  const auto method = message.find("method");
  if (method == message.end() || !method->is_string()) co_return std::nullopt;
  const auto name = method->get<std::string>();
  if (name == "notifications/tools/list_changed") state_.tools.forget_upstream(x_.resource.upstream->name);
  if (!message.contains("id") || session_.modern || running.slot.cancelled()) co_return std::nullopt;
  if (++answered_ > kMostQuestions) {
    co_return broken("the server behind this gateway asks more of its client than REST can answer");
  }
  tell_aside("POST", rest::answer_to_server(message["id"], name));
  co_return std::nullopt;
}

}  // namespace postern::server
