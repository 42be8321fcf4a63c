#include "proxy/phases/watched.hpp"

#include "proxy/listening.hpp"

namespace postern::proxy {
namespace {

// Streams are ended from outside when their token or grant is revoked.
class RegisteredStream {
 public:
  RegisteredStream(runtime::Worker& worker, runtime::OpenStream stream) : worker_(worker), stream_(std::move(stream)) {
    worker_.add_stream(&stream_);
  }
  ~RegisteredStream() { worker_.remove_stream(&stream_); }
  RegisteredStream(const RegisteredStream&) = delete;
  RegisteredStream& operator=(const RegisteredStream&) = delete;

 private:
  runtime::Worker& worker_;
  runtime::OpenStream stream_;
};

}  // namespace

awaitable<MaybeRefusal> watched(McpExchange& x, Forwarding work) {
  const limits::CallPlace place(x.services().counters.calls, x.principal->user + '\n' + x.principal->tenant,
                                x.generation->limits().calls_per_user);
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

}  // namespace postern::proxy
