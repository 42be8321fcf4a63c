#include "base/json_cost.hpp"
#include "mcp/answer.hpp"
#include "mcp/json_scanner.hpp"
#include "mcp/repair.hpp"
#include "mcp/sse.hpp"
#include "proxy/answer/event_filter.hpp"
#include "proxy/answer/relay.hpp"
#include "proxy/answer/session_errors.hpp"
#include "proxy/answer/upstream_refusal.hpp"
#include "proxy/body_shares.hpp"
#include "proxy/long_work.hpp"
#include "proxy/rest/rest_client.hpp"
#include "proxy/upstream_failure.hpp"
#include "rest/calls.hpp"

namespace postern::proxy {
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

// A message of the server behind, as far as it is to be understood.
struct UnreadMessage {
  enum class Is : unsigned char { nothing_to_us, answer, question, damaged, too_much } is = Is::nothing_to_us;
  std::string id;  // of our request
  RestAnswer answer;
  std::string method{};               // of a notification or question
  nlohmann::json question = nullptr;  // its id; null: it has none
};
using Is = UnreadMessage::Is;

// On any thread, as are those below. `held`: bytes of the text that somebody else has as well.
Is read_as_answer(UnreadMessage& unread, std::size_t held) {
  auto& answer = unread.answer;
  const auto values = mcp::repaired_size(answer.text) + parsed_bytes(answer.text, mcp::kListLimits);
  if (!answer.share.grow_to_work(held + answer.text.size() + values)) return Is::too_much;
  auto message = mcp::read_answer(answer.text);
  if (!message) return Is::damaged;
  answer.message = std::move(*message);
  return Is::answer;
}

// What is no answer is understood by its outermost members alone.
Is read_as_event(UnreadMessage& unread) {
  auto& answer = unread.answer;
  const auto envelope = mcp::read_envelope(answer.text);
  if (envelope.has_method()) {
    if (!envelope.is_whole() || !envelope.is_plain() || !envelope.method.text.starts_with('"'))
      return Is::nothing_to_us;
    unread.method = mcp::string_of(envelope.method.text).value_or("");
    unread.question = envelope.id_value();
    return Is::question;
  }
  if (!mcp::may_answer(envelope, unread.id)) return Is::nothing_to_us;  // the answer to another one, or a keep-alive
  const auto is = read_as_answer(unread, answer.text.size());
  if (is != Is::answer || answer.message.value("id", nlohmann::json()) == unread.id) return is;
  answer.message = nullptr;
  answer.share.shrink_to(2 * answer.text.size());
  return Is::nothing_to_us;
}

}  // namespace

authn::Refusal no_memory_for_answer() {
  return try_again("the gateway holds as many large answers as it may; try again in a moment");
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
  auto share = share_of(x_);
  std::string whole;
  auto bytes = answer.body_at_hand();
  for (;;) {
    if (!bytes) co_return failure_of_body(x_, bytes.error());
    if (whole.size() + bytes->size() > limit) co_return too_long();
    if (!append_counted(whole, *bytes, limit, share)) co_return no_memory_for_answer();
    if (answer.finished()) break;
    bytes = co_await answer.read_body();
  }
  const nlohmann::json own_id = id;
  if (status == 400 && !session_.id.empty() && is_about_session(whole, id.empty() ? nullptr : &own_id)) {
    out.lost_session = true;
    co_return std::nullopt;
  }
  const auto unread = std::make_shared<UnreadMessage>();
  unread->answer = {nullptr, std::move(whole), std::move(share)};
  std::function<void()> work = [unread] { unread->is = read_as_answer(*unread, 0); };
  auto refused = co_await work_on_text(x_, running, unread->answer.text.size(), std::move(work));
  if (refused) co_return refused;
  if (unread->is == Is::too_much) co_return no_memory_for_answer();
  if (unread->is != Is::answer)
    co_return broken("the server behind this gateway sent an answer that is not an MCP message");
  out.answer = std::move(unread->answer);
  co_return std::nullopt;
}

// MCP 2025-06-18 transports, "Sending Messages to the Server": the answer is among the events, and the stream's other
// messages before it. An event that cannot be read, and cannot be the answer, costs only itself.
awaitable<MaybeRefusal> RestClient::read_events(Running& running, std::string id, std::size_t limit, Received& out) {
  auto& answer = *running.answer;
  auto share = share_of(x_);
  mcp::SseSplitter splitter(limit);
  auto bytes = answer.body_at_hand();
  for (;;) {
    if (!bytes) co_return failure_of_body(x_, bytes.error());
    (void)splitter.feed(*bytes);
    if (!count_rest(splitter, share)) co_return no_memory_for_answer();
    for (auto event = splitter.next(); !event.empty(); event = splitter.next()) {
      auto data = mcp::sse_data(event);
      if (data.empty()) continue;
      if (splitter.is_cut()) {
        if (mcp::may_answer(mcp::read_envelope(data), id)) co_return too_long();
        continue;
      }
      auto refused = co_await take_event(running, std::move(data), id, share, out);
      if (refused || !out.answer.message.is_null()) co_return refused;
    }
    if (answer.finished()) co_return damaged();
    bytes = co_await answer.read_body();
  }
}

awaitable<MaybeRefusal> RestClient::take_event(Running& running, std::string data, std::string id,
                                               limits::BodyShare& share, Received& out) {
  const auto unread = std::make_shared<UnreadMessage>();
  unread->id = std::move(id);
  unread->answer = {nullptr, std::move(data), std::move(share)};
  std::function<void()> work = [unread] { unread->is = read_as_event(*unread); };
  auto refused = co_await work_on_text(x_, running, unread->answer.text.size(), std::move(work));
  if (refused) co_return refused;
  if (unread->is == Is::too_much) co_return no_memory_for_answer();
  if (unread->is == Is::damaged) co_return damaged();
  if (unread->is == Is::answer) {
    out.answer = std::move(unread->answer);
    co_return std::nullopt;
  }
  share = std::move(unread->answer.share);
  if (unread->is == Is::question) co_return answer_question(running, unread->method, unread->question);
  co_return std::nullopt;
}

// Of the server behind; `id`: null where it only tells something.
MaybeRefusal RestClient::answer_question(const Running& running, const std::string& name, const nlohmann::json& id) {
  if (name == "notifications/tools/list_changed") state_.tools.forget_upstream(x_.resource.upstream->name);
  if (id.is_null() || session_.modern || running.slot.cancelled()) return std::nullopt;
  if (++answered_ > kMostQuestions) {
    return broken("the server behind this gateway asks more of its client than REST can answer");
  }
  tell_aside("POST", rest::answer_to_server(id, name));
  return std::nullopt;
}

}  // namespace postern::proxy
