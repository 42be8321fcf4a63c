#include "server/relay.hpp"

#include "mcp/list_filter.hpp"
#include "server/event_filter.hpp"
#include "server/stream_writer.hpp"

namespace postern::server {
namespace {

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
  if (!filters_lists(x) && !may_hold_tasks(x)) {
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

Result<std::optional<std::string>, mcp::JsonFault> filtered_lists(const McpExchange& x, std::string_view answer) {
  const policy::Caller caller = policy_caller(*x.principal);
  const auto* method = x.method();
  const auto visible = [&](mcp::ListKind kind, std::string_view name) {
    return x.resource.policy->visible(kind, name, caller);
  };
  auto out = method == nullptr ? mcp::filter_any_list(answer, visible)
                               : mcp::filter_list(answer, method->list,
                                                  [&](std::string_view name) { return visible(method->list, name); });
  if (!out) return out.error();
  if (out->damaged > 0) {
    x.services().log.warning("list_entries_left_out", {{"request_id", x.context.id},
                                                       {"upstream", x.resource.upstream->name},
                                                       {"what", mcp::describe(out->examples, out->damaged)},
                                                       {"entries", out->damaged}});
  }
  return std::move(out->changed);
}

// JSON-RPC 2.0 section 5.1, for a request whose answer came and could not be read.
std::string unread_answer(const McpExchange& x, const nlohmann::json& id, std::string_view why) {
  constexpr int kInternalError = -32603;
  const std::string what = filters_lists(x) ? "a list" : "an answer";
  return mcp::error_body(id, kInternalError,
                         "the server behind this gateway sent " + what + " that cannot be read: " + std::string(why),
                         {{"error", "upstream_error"}, {"request_id", x.context.id}});
}

// nullptr: this stream passes unchanged.
std::unique_ptr<EventFilter> event_filter(McpExchange& x) {
  if (!filters_lists(x) && !may_hold_tasks(x)) return nullptr;
  EventFilter::Tools tools;
  tools.filter = [&x](std::string_view data) { return filtered(x, data); };
  tools.error = [&x](const nlohmann::json& id, std::string_view why) { return unread_answer(x, id, why); };
  tools.warn = [&x](std::string_view why, std::size_t left_out) {
    x.services().log.warning(
        "list_event_left_out",
        {{"request_id", x.context.id}, {"upstream", x.resource.upstream->name}, {"what", why}, {"events", left_out}});
  };
  auto asked = x.message ? x.message->id : nlohmann::json();
  return std::make_unique<EventFilter>(std::move(tools), std::move(asked), x.services().bodies);
}

// `filter` may be null.
awaitable<void> pump(McpExchange& x, upstream::Exchange& answer, EventFilter* filter, StreamWriter& writer) {
  while (!answer.finished()) {
    const auto bytes = co_await answer.read_body();
    if (!bytes) {
      x.connection.no_keep_alive();
      x.connection.close();
      x.outcome = telemetry::Outcome::upstream_error;
      co_return;
    }
    const auto out = filter != nullptr ? filter->take(*bytes) : *bytes;
    const bool open = co_await writer.write(out);
    if (!open) {
      x.outcome = telemetry::Outcome::cancelled;
      co_return;
    }
  }
  if (filter != nullptr) {
    const auto last = filter->finish();
    if (!last.empty()) co_await writer.write(last);
    if (filter->has_failed()) x.outcome = telemetry::Outcome::upstream_error;
  }
  co_await x.connection.finish();
}

// Events leave as they come; listening streams end when their token does, calls under way are let finish.
awaitable<MaybeRefusal> relay_events(McpExchange& x, upstream::Exchange& answer, const AnswerPlan& plan) {
  const auto first = answer.body_at_hand();
  if (!first) co_return broken_answer("the server behind this gateway sent a damaged answer");
  const auto filter = event_filter(x);
  const std::string out = plan.preface + std::string(filter ? filter->take(*first) : *first);
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
    co_await pump(x, answer, filter.get(), writer);
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

Result<std::optional<std::string>, mcp::JsonFault> filtered(McpExchange& x, std::string_view answer) {
  Result<std::optional<std::string>, mcp::JsonFault> out = std::optional<std::string>();
  if (filters_lists(x)) out = filtered_lists(x, answer);
  if (!out || !may_hold_tasks(x)) return out;
  if (auto sealed = with_sealed_tasks(x, *out ? std::string_view(**out) : answer)) out = std::move(sealed);
  return out;
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
