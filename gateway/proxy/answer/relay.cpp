#include "proxy/answer/relay.hpp"

#include "proxy/answer/answer_editor.hpp"
#include "proxy/answer/event_filter.hpp"
#include "proxy/answer/session_errors.hpp"
#include "proxy/answer/stream_writer.hpp"
#include "proxy/body_shares.hpp"
#include "proxy/listening.hpp"
#include "proxy/long_work.hpp"
#include "proxy/upstream_failure.hpp"

namespace postern::proxy {
namespace {

MaybeRefusal broken_answer(std::string why) { return refusal(502, "upstream_error", std::move(why)); }

MaybeRefusal no_memory() { return try_again("the gateway holds as many large lists as it may; try again in a moment"); }

// A body as it is, in the upstream's own framing where the length is known.
awaitable<MaybeRefusal> relay_as_is(McpExchange& x, upstream::Exchange& answer, const http::Headers& headers) {
  const auto first = answer.body_at_hand();
  if (!first) co_return broken_answer("the server behind this gateway sent a damaged answer");
  const auto& head = answer.head();
  std::optional<std::uint64_t> length;
  if (head.framing == http::Framing::content_length) length = head.content_length;
  if (head.framing == http::Framing::none) length = 0;
  bool open = co_await x.client.begin(head.status, headers, length, *first);
  while (open && !answer.finished()) {
    const auto bytes = co_await answer.read_body();
    if (!bytes) {
      x.client.abort();
      x.outcome = telemetry::Outcome::upstream_error;
      co_return std::nullopt;
    }
    open = co_await x.client.send(*bytes);
  }
  if (open) open = co_await x.client.finish();
  if (!open) x.outcome = telemetry::Outcome::cancelled;  // the client left, or did not read
  co_return std::nullopt;
}

awaitable<Result<std::string>> read_whole(upstream::Exchange& answer, limits::BodyShare& share) {
  const auto first = answer.body_at_hand();
  if (!first) co_return fail(Errc::protocol, "the server behind this gateway sent a damaged answer");
  std::string whole(*first);
  while (!answer.finished()) {
    const auto bytes = co_await answer.read_body();
    if (!bytes) co_return fail(Errc::protocol, "the answer of the server behind this gateway broke off");
    if (whole.size() + bytes->size() > kMaxFiltered) {
      co_return fail(Errc::protocol, "the answer of the server behind this gateway is too long");
    }
    if (!append_counted(whole, *bytes, kMaxFiltered, share)) co_return fail(Errc::busy, "");
  }
  co_return whole;
}

awaitable<MaybeRefusal> send_whole(McpExchange& x, const upstream::Exchange& answer, const http::Headers& headers,
                                   const std::string& body) {
  const bool open = co_await x.client.begin(answer.head().status, headers, body.size(), body);
  if (open) co_await x.client.finish();
  co_return std::nullopt;
}

// An answer that is read whole, since what may not be seen must be taken out before anything leaves.
struct WholeAnswer {
  std::string text;
  limits::BodyShare share;
  AnswerEditor editor;
  bool no_room = false;
  std::string fault{};  // why it must not pass; empty: it may
};

// On any thread.
void edit(WholeAnswer& whole) {
  whole.no_room = !whole.share.grow_to_work(whole.text.size() + whole.editor.bytes_for(whole.text));
  if (whole.no_room) return;
  auto changed = whole.editor.edit(mcp::read_envelope(whole.text));
  if (!changed) {
    whole.fault = "the server behind this gateway sent a list that cannot be read: " + changed.error().reason;
  } else if (*changed) {
    whole.text = std::move(**changed);
  }
  whole.share.shrink_to(whole.text.size());
}

awaitable<MaybeRefusal> relay_whole(McpExchange& x, Running& running, const AnswerPlan& plan) {
  const auto& answer = *running.answer;
  auto share = share_of(x);
  auto read = co_await read_whole(*running.answer, share);
  if (!read && read.error().code == Errc::busy) co_return no_memory();
  if (running.slot.cancelled()) co_return failure_of_upstream(x, fail(Errc::cancelled, "ended while a list was read"));
  if (!read) co_return broken_answer(read.error().what);
  const bool asked = x.message && x.message->kind == mcp::MessageKind::request;
  const bool of_session =
      plan.kind == AnswerPlan::Kind::maybe_of_session && is_about_session(*read, asked ? &x.message->id : nullptr);
  if (of_session) co_return x.session ? session_has_ended() : session_is_missing();
  if (!filters_lists(x) && !may_hold_tasks(x)) {
    auto unchanged = co_await send_whole(x, answer, plan.headers, *read);
    co_return unchanged;
  }
  const auto whole = std::make_shared<WholeAnswer>(std::move(*read), std::move(share), AnswerEditor(x));
  std::function<void()> work = [whole] { edit(*whole); };
  auto refused = co_await work_on_text(x, running, whole->text.size(), std::move(work));
  if (refused) co_return refused;
  if (whole->no_room) co_return no_memory();
  if (!whole->fault.empty()) co_return broken_answer(whole->fault);
  auto sent = co_await send_whole(x, answer, plan.headers, whole->text);
  co_return sent;
}

// nullptr: this stream passes unchanged.
std::shared_ptr<EventFilter> event_filter(const McpExchange& x) {
  if (!filters_lists(x) && !may_hold_tasks(x)) return nullptr;
  const auto editor = std::make_shared<AnswerEditor>(x);
  EventFilter::Tools tools;
  tools.filter = [editor](const mcp::Envelope& data) { return editor->edit(data); };
  tools.error = [editor](const nlohmann::json& id, std::string_view why) { return editor->error(id, why); };
  tools.warn = [editor](std::string_view why, std::size_t left_out) { editor->warn(why, left_out); };
  return std::make_shared<EventFilter>(std::move(tools), editor->asked(), share_of(x));
}

// The stream cannot go on, and its client must not take it for a whole one.
void break_off(McpExchange& x) {
  x.client.abort();
  x.outcome = telemetry::Outcome::upstream_error;
}

// The events that have come whole; false: the exchange was ended meanwhile. An event that finds no place to be read is
// left out.
awaitable<bool> take_events(McpExchange& x, Running& running, std::shared_ptr<EventFilter> filter) {
  for (auto size = filter->next_size(); size > 0; size = filter->next_size()) {
    if (!is_long(size)) {
      filter->step();
      continue;
    }
    std::function<void()> work = [filter] { filter->step(); };
    auto& pool = x.services().pools.long_work;
    auto turn = turn_of(*x.principal);
    const auto done = co_await do_long_work(pool, running.slot, std::move(work), std::move(turn));
    if (done) continue;
    if (done.error().code != Errc::busy) co_return false;
    filter->skip("as many large answers wait to be read as may");
  }
  co_return true;
}

// `filter` may be null.
awaitable<void> pump(McpExchange& x, Running& running, std::shared_ptr<EventFilter> filter, StreamWriter& writer) {
  auto& answer = *running.answer;
  while (!answer.finished()) {
    const auto bytes = co_await answer.read_body();
    if (!bytes) co_return break_off(x);
    auto out = *bytes;
    if (filter) {
      filter->feed(*bytes);
      const bool taken = co_await take_events(x, running, filter);
      if (!taken) co_return break_off(x);
      out = filter->out();
    }
    const bool open = co_await writer.write(out);
    if (!open) {
      x.outcome = telemetry::Outcome::cancelled;
      co_return;
    }
  }
  if (filter) {
    const auto last = filter->finish();
    if (!last.empty()) co_await writer.write(last);
    if (filter->has_failed()) x.outcome = telemetry::Outcome::upstream_error;
  }
  co_await x.client.finish();
}

// Events leave as they come; listening streams end when their token does, calls under way are let finish.
awaitable<MaybeRefusal> relay_events(McpExchange& x, Running& running, const AnswerPlan& plan) {
  auto& answer = *running.answer;
  const auto first = answer.body_at_hand();
  if (!first) co_return broken_answer("the server behind this gateway sent a damaged answer");
  const auto filter = event_filter(x);
  std::string out = plan.preface;
  if (filter) {
    filter->feed(*first);
    const bool taken = co_await take_events(x, running, filter);
    if (!taken) co_return failure_of_upstream(x, fail(Errc::cancelled, "ended while an event was read"));
    out += filter->out();
  } else {
    out += *first;
  }
  const int status = answer.head().status;
  const bool open = co_await x.client.begin(status, plan.headers, std::nullopt, out);
  if (!open) co_return std::nullopt;

  auto& metrics = x.generation->metrics(x.resource);
  metrics.stream_opened();
  // An old stream brings the answers to its client's calls, each of which shows a token: it ends when its grant does,
  // or when no call has come for long.
  const bool expires = is_listening(x) && !opens_old_stream(x);
  const auto expired = [&x, expires] { return expires && x.services().clock.now() >= x.principal->expires_at; };
  const auto end = [&running] { running.end(); };
  StreamWriter writer(x.client, x.generation->limits().stream_keepalive, expired, end);
  writer.start(out);
  std::exception_ptr bug;
  try {
    co_await pump(x, running, filter, writer);
  } catch (...) {
    bug = std::current_exception();
  }
  co_await writer.stop();
  metrics.stream_closed();
  if (bug) std::rethrow_exception(bug);
  co_return std::nullopt;
}

}  // namespace

awaitable<MaybeRefusal> relay(McpExchange& x, Running& running, AnswerPlan plan) {
  MaybeRefusal refused;
  if (plan.kind == AnswerPlan::Kind::stream) {
    refused = co_await relay_events(x, running, plan);
  } else if (plan.kind == AnswerPlan::Kind::filter_whole || plan.kind == AnswerPlan::Kind::maybe_of_session) {
    refused = co_await relay_whole(x, running, plan);
  } else {
    refused = co_await relay_as_is(x, *running.answer, plan.headers);
  }
  co_return refused;
}

}  // namespace postern::proxy
