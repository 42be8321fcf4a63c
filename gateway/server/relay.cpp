#include "server/relay.hpp"

#include "mcp/list_filter.hpp"
#include "mcp/sse.hpp"
#include "server/stream_writer.hpp"

namespace postern::server {
namespace {

constexpr std::size_t kMaxFiltered = 16 * 1024 * 1024;

MaybeRefusal broken_answer(std::string why) { return refusal(502, "upstream_error", std::move(why)); }

MaybeRefusal no_memory() {
  auto refused =
      refusal(503, "temporarily_unavailable", "the gateway holds as many large lists as it may; try again in a moment");
  refused.retry_after = 2;
  return refused;
}

// A body as it is, in the upstream's own framing where the length is known.
awaitable<MaybeRefusal> relay_as_is(McpExchange& x, upstream::Exchange& answer, const http::Headers& headers) {
  const auto first = answer.body_at_hand();
  if (!first) co_return broken_answer("the server behind this gateway sent a damaged answer");
  const auto& head = answer.head();
  std::optional<std::uint64_t> length;
  if (head.framing == http::Framing::content_length) length = head.content_length;
  if (head.framing == http::Framing::none) length = 0;
  bool open = co_await x.connection.begin(x.context, head.status, headers, length, *first);
  while (open && !answer.finished()) {
    const auto bytes = co_await answer.read_body();
    if (!bytes) {
      x.connection.no_keep_alive();
      x.connection.close();  // the client must not take a cut answer for a whole one
      x.outcome = telemetry::Outcome::upstream_error;
      co_return std::nullopt;
    }
    open = co_await x.connection.send(*bytes);
  }
  if (open) open = co_await x.connection.finish();
  if (!open) x.outcome = telemetry::Outcome::cancelled;  // the client left, or did not read
  co_return std::nullopt;
}

awaitable<Result<std::string>> read_whole(upstream::Exchange& answer, BodyShare& share) {
  const auto first = answer.body_at_hand();
  if (!first) co_return fail(Errc::protocol, "the server behind this gateway sent a damaged answer");
  std::string whole(*first);
  while (!answer.finished()) {
    const auto bytes = co_await answer.read_body();
    if (!bytes) co_return fail(Errc::protocol, "the answer of the server behind this gateway broke off");
    if (whole.size() + bytes->size() > kMaxFiltered) {
      co_return fail(Errc::protocol, "the answer of the server behind this gateway is too long");
    }
    if (!share.grow_to(whole.size() + bytes->size())) co_return fail(Errc::busy, "");
    whole += *bytes;
  }
  co_return whole;
}

awaitable<MaybeRefusal> send_whole(McpExchange& x, const upstream::Exchange& answer, const http::Headers& headers,
                                   const std::string& body) {
  const bool open = co_await x.connection.begin(x.context, answer.head().status, headers, body.size(), body);
  if (open) co_await x.connection.finish();
  co_return std::nullopt;
}

// Read whole, since what may not be seen must be taken out before anything leaves.
awaitable<MaybeRefusal> relay_whole(McpExchange& x, upstream::Exchange& answer, const AnswerPlan& plan) {
  const auto& headers = plan.headers;
  BodyShare share(x.services().bodies);
  const auto whole = co_await read_whole(answer, share);
  if (!whole && whole.error().code == Errc::busy) co_return no_memory();
  if (!whole) co_return broken_answer(whole.error().what);
  const bool asked = x.message && x.message->kind == mcp::MessageKind::request;
  const bool of_session =
      plan.kind == AnswerPlan::Kind::maybe_of_session && is_about_session(*whole, asked ? &x.message->id : nullptr);
  if (of_session) co_return x.session ? session_has_ended() : session_is_missing();
  if (!filters_lists(x)) {
    auto unchanged = co_await send_whole(x, answer, headers, *whole);
    co_return unchanged;
  }
  auto changed = filtered(x, *whole);
  if (!changed)
    co_return broken_answer("the server behind this gateway sent a list that cannot be read: " +
                            changed.error().reason);
  const std::string& body = *changed ? **changed : *whole;
  auto sent = co_await send_whole(x, answer, headers, body);
  co_return sent;
}

// What is to be written for these bytes of an event stream: the same ones, or whole events with their lists filtered.
class EventFilter {
 public:
  explicit EventFilter(const McpExchange& exchange)
      : exchange_(exchange), active_(filters_lists(exchange)), share_(exchange.services().bodies) {}

  // nullopt: an event that must not pass, or that there is no memory for.
  std::optional<std::string_view> take(std::string_view bytes) {
    if (!active_) return bytes;
    out_.clear();
    if (!share_.grow_to(splitter_.rest().size() + bytes.size())) return std::nullopt;
    if (!splitter_.feed(bytes)) return std::nullopt;
    for (auto event = splitter_.next(); !event.empty(); event = splitter_.next()) {
      if (!mcp::sse_is_plain(event)) return std::nullopt;
      const auto data = mcp::sse_data(event);
      if (data.empty()) {
        out_ += event;
        continue;
      }
      auto changed = filtered(exchange_, data);
      if (!changed) return std::nullopt;
      if (*changed) {
        out_ += mcp::sse_with_data(event, **changed);
      } else {
        out_ += event;
      }
    }
    return std::string_view(out_);
  }

 private:
  const McpExchange& exchange_;
  bool active_;
  BodyShare share_;  // of the event that is not yet whole
  mcp::SseSplitter splitter_{kMaxFiltered};
  std::string out_;
};

awaitable<void> pump(McpExchange& x, upstream::Exchange& answer, EventFilter& filter, StreamWriter& writer) {
  while (!answer.finished()) {
    const auto bytes = co_await answer.read_body();
    if (!bytes) {
      x.connection.no_keep_alive();
      x.connection.close();
      x.outcome = telemetry::Outcome::upstream_error;
      co_return;
    }
    const auto out = filter.take(*bytes);
    if (!out) {
      x.services().log.warning("list_event_refused", {{"request_id", x.context.id}});
      x.connection.no_keep_alive();
      x.connection.close();
      x.outcome = telemetry::Outcome::upstream_error;
      co_return;
    }
    const bool open = co_await writer.write(*out);
    if (!open) {
      x.outcome = telemetry::Outcome::cancelled;
      co_return;
    }
  }
  co_await x.connection.finish();
}

// Events leave as they come; listening streams end when their token does, calls under way are let finish.
awaitable<MaybeRefusal> relay_events(McpExchange& x, upstream::Exchange& answer, const AnswerPlan& plan) {
  const auto first = answer.body_at_hand();
  if (!first) co_return broken_answer("the server behind this gateway sent a damaged answer");
  EventFilter filter(x);
  const auto filtered_first = filter.take(*first);
  if (!filtered_first) co_return broken_answer("the server behind this gateway sent a list that cannot be read");
  const std::string out = plan.preface + std::string(*filtered_first);
  const int status = answer.head().status;
  const bool open = co_await x.connection.begin(x.context, status, plan.headers, std::nullopt, out);
  if (!open) co_return std::nullopt;

  auto& metrics = x.context.snapshot->metrics(x.resource);
  metrics.stream_opened();
  // An old stream brings the answers to its client's calls, each of which shows a token: it ends when its grant does,
  // or when no call has come for long.
  const bool expires = is_listening(x) && !opens_old_stream(x);
  const auto expired = [&x, expires] { return expires && x.services().clock.now() >= x.principal->expires_at; };
  const auto end = [&answer] { answer.cancel(); };
  StreamWriter writer(x.connection, x.context.snapshot->config().limits.stream_keepalive, expired, end);
  writer.start(out);
  std::exception_ptr bug;
  try {
    co_await pump(x, answer, filter, writer);
  } catch (...) {
    bug = std::current_exception();
  }
  co_await writer.stop();
  metrics.stream_closed();
  if (bug) std::rethrow_exception(bug);
  co_return std::nullopt;
}

}  // namespace

bool opens_old_stream(const McpExchange& x) {
  return x.resource.upstream->sse && !x.modern && !x.session && x.head().method == "GET";
}

bool is_listening(const McpExchange& x) {
  if (x.rest) return false;
  const auto* method = x.method();
  return x.head().method == "GET" || (method != nullptr && method->subject == mcp::Subject::listen);
}

bool filters_lists(const McpExchange& x) {
  if (const auto* method = x.method()) return method->list != mcp::ListKind::none;
  // A resumed stream brings the answer to a list request of before; no server should on another one, but might.
  return x.head().method == "GET";
}

Result<std::optional<std::string>, mcp::JsonFault> filtered(const McpExchange& x, std::string_view answer) {
  const policy::Caller caller = policy_caller(*x.principal);
  if (const auto* method = x.method()) {
    const auto kind = method->list;
    return mcp::filter_list(answer, kind,
                            [&](std::string_view name) { return x.resource.policy->visible(kind, name, caller); });
  }
  return mcp::filter_any_list(answer, [&](mcp::ListKind kind, std::string_view name) {
    return x.resource.policy->visible(kind, name, caller);
  });
}

awaitable<MaybeRefusal> relay(McpExchange& x, upstream::Exchange& answer, AnswerPlan plan) {
  MaybeRefusal refused;
  if (plan.kind == AnswerPlan::Kind::stream) {
    refused = co_await relay_events(x, answer, plan);
  } else if (plan.kind == AnswerPlan::Kind::filter_whole || plan.kind == AnswerPlan::Kind::maybe_of_session) {
    refused = co_await relay_whole(x, answer, plan);
  } else {
    refused = co_await relay_as_is(x, answer, plan.headers);
  }
  co_return refused;
}

}  // namespace postern::server
