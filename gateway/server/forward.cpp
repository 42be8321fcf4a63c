#include "server/forward.hpp"

#include <utility>

#include "server/long_work.hpp"
#include "server/relay.hpp"

namespace postern::server {
namespace {

authn::Refusal of_upstream(const Error& error) {
  switch (error.code) {
    case Errc::timed_out:
      return refusal(504, "upstream_timeout", "the server behind this gateway did not answer in time; try again");
    case Errc::busy: {
      auto refused = refusal(503, "temporarily_unavailable",
                             "all connections to the server behind are in use; try again in a moment");
      refused.retry_after = 2;
      return refused;
    }
    case Errc::closed:
      return refusal(502, "upstream_error",
                     "the server behind this gateway ended before it answered; begin a new session with initialize");
    case Errc::protocol:
      return refusal(502, "upstream_error", "the server behind this gateway sent an answer that is no valid HTTP");
    default:
      return refusal(502, "upstream_unavailable", "the server behind this gateway cannot be reached; try again later");
  }
}

// The client is still there: what ended the exchange was a revocation, or the end of the process.
authn::Refusal of_our_end(bool draining) {
  if (!draining) {
    return challenged(401, "invalid_token", "the access token was revoked while the call was under way",
                      "invalid_token");
  }
  return try_again("the gateway is being restarted; try again in a moment");
}

// Streams are ended from outside when their token or grant is revoked.
class RegisteredStream {
 public:
  RegisteredStream(Worker& worker, OpenStream stream) : worker_(worker), stream_(std::move(stream)) {
    worker_.add_stream(&stream_);
  }
  ~RegisteredStream() { worker_.remove_stream(&stream_); }
  RegisteredStream(const RegisteredStream&) = delete;
  RegisteredStream& operator=(const RegisteredStream&) = delete;

 private:
  Worker& worker_;
  OpenStream stream_;
};

// To take a large value apart takes as long as to make it.
void discard(McpExchange& x, nlohmann::json value) {
  if (!is_long(x.body.size())) return;
  const auto held = std::make_shared<nlohmann::json>(std::move(value));
  x.services().long_work_pool.submit([held] { *held = nullptr; }, turn_of(*x.principal));
}

awaitable<MaybeRefusal> exchange_and_relay(McpExchange& x, Running& running, upstream::Request request) {
  auto& upstream = x.worker.upstream(*x.resource.upstream);
  auto answer = co_await upstream.exchange(std::move(request), running.slot);
  if (!answer) {
    auto refused = failure_of_upstream(x, answer.error());
    co_return refused;
  }
  running.answer = std::move(*answer);
  x.context.body_share = {};
  auto plan = plan_answer(x, *running.answer);
  if (plan.kind == AnswerPlan::Kind::refuse) co_return std::move(plan.refusal);
  auto refused = co_await relay(x, running, std::move(plan));
  co_return refused;
}

}  // namespace

authn::Refusal failure_of_upstream(McpExchange& x, const Error& error) {
  // A caller who hangs up is no fault of the server behind.
  if (error.code == Errc::cancelled) return of_our_end(x.worker.draining());
  x.services().log.warning(
      "upstream_failed", {{"request_id", x.context.id}, {"upstream", x.resource.upstream->name}, {"what", error.what}});
  return of_upstream(error);
}

authn::Refusal header_template_failed(McpExchange& x, const Error& error) {
  x.services().log.warning("header_template_failed", {{"request_id", x.context.id}, {"what", error.what}});
  return refusal(403, "access_denied", "your account lacks what the server behind needs to know; ask the operator");
}

awaitable<MaybeRefusal> watched(McpExchange& x, Forwarding work) {
  const CallPlace place(x.services().calls, x.principal->user + '\n' + x.principal->tenant);
  if (!place) {
    auto refused = refusal(429, "rate_limited", "too many calls and streams are open; end some of them first");
    refused.retry_after = 1;
    co_return refused;
  }
  Running running;
  const RegisteredStream registered(x.worker, {.grant = x.principal->grant,
                                               .user = x.principal->user,
                                               .token = x.token_digest,
                                               .listening = is_listening(x),
                                               .end = [&running] { running.end(); }});
  x.client.watch([&running] { running.end(); });
  MaybeRefusal refused;
  std::exception_ptr bug;
  try {
    refused = co_await work(running);
  } catch (...) {
    bug = std::current_exception();
  }
  const bool gone = co_await x.client.unwatch();
  if (bug) std::rethrow_exception(bug);
  // Who leaves with the whole answer has not cancelled anything.
  const bool has_all = running.answer && running.answer->finished() && !refused;
  if (gone && !has_all) {
    x.outcome = telemetry::Outcome::cancelled;
    co_return std::nullopt;
  }
  co_return refused;
}

awaitable<MaybeRefusal> forward(McpExchange& x) {
  // Decided upon: what is left of it may wait for minutes, and takes many times the space of its text.
  if (x.message) discard(x, std::exchange(x.message->params, nullptr));
  x.context.body_share.shrink_to(x.body.size());
  auto request = upstream_request(x);
  if (!request) {
    auto refused = header_template_failed(x, request.error());
    co_return refused;
  }
  Forwarding work = [&x, &request](Running& running) { return exchange_and_relay(x, running, std::move(*request)); };
  auto refused = co_await watched(x, std::move(work));
  co_return refused;
}

}  // namespace postern::server
