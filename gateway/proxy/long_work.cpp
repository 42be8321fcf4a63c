#include "proxy/long_work.hpp"

#include "proxy/upstream_failure.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <utility>

#include <boost/asio/this_coro.hpp>

namespace postern::proxy {
namespace {

// The client has gone: not answered, but it ends the phases.
authn::Refusal client_has_gone(McpExchange& x) {
  x.context.body_read = true;
  x.outcome = telemetry::Outcome::cancelled;
  return refusal(400, "invalid_request", "the client has gone");
}

// `cancelled` aside, which means something else in each place.
authn::Refusal not_done(const Error& error) {
  if (error.code != Errc::busy) throw std::runtime_error("work on a long text: " + error.what);
  return try_again("as many large bodies and answers wait to be read as may; try again in a moment");
}

}  // namespace

awaitable<Result<void>> do_long_work(net::OffloadPool& pool, upstream::CancelSlot& slot, std::function<void()> work,
                                     net::FairQueue::Path from) {
  if (slot.cancelled()) co_return fail(Errc::cancelled, "ended from outside");
  auto executor = co_await boost::asio::this_coro::executor;
  const auto job = std::make_shared<net::detail::Job<void>>(std::move(work), std::move(executor));
  // Who sets it first has the job: the pool to run it, or the coroutine to drop it.
  const auto claimed = std::make_shared<std::atomic<bool>>(false);
  bool accepted = false;
  {
    auto errand = std::make_shared<net::detail::Errand<void>>(job);
    auto run = [errand = std::move(errand), claimed] {
      if (!claimed->exchange(true)) errand->job->run();
    };
    accepted = pool.submit(std::move(run), from);
  }
  if (!accepted) co_return fail(Errc::busy, "the pool \"" + pool.name() + "\" is full");
  auto rendezvous = job->done;
  slot.on_cancel([rendezvous] { rendezvous->report(); });
  const bool reported = co_await net::detail::Rendezvous::wait(std::move(rendezvous));
  slot.on_cancel(nullptr);
  if (slot.cancelled()) {
    if (!claimed->exchange(true)) job->work = nullptr;
    co_return fail(Errc::cancelled, "ended from outside");
  }
  if (!reported || !job->result) co_return fail(Errc::busy, "the work gave way to that of others");
  co_return std::move(*job->result);
}

awaitable<MaybeRefusal> work_on_text(McpExchange& x, std::size_t bytes, std::function<void()> work) {
  if (!is_long(bytes)) {
    work();
    co_return std::nullopt;
  }
  upstream::CancelSlot slot;
  x.client.watch([&slot] { slot.cancel(); });
  auto& pool = x.services().pools.long_work;
  auto turn = turn_of(*x.principal);
  auto done = co_await do_long_work(pool, slot, std::move(work), std::move(turn));
  const bool gone = co_await x.client.unwatch();
  if (gone) co_return client_has_gone(x);
  if (!done) co_return not_done(done.error());
  co_return std::nullopt;
}

awaitable<MaybeRefusal> work_on_text(McpExchange& x, Running& running, std::size_t bytes, std::function<void()> work) {
  if (!is_long(bytes)) {
    work();
    co_return std::nullopt;
  }
  auto& pool = x.services().pools.long_work;
  auto turn = turn_of(*x.principal);
  auto done = co_await do_long_work(pool, running.slot, std::move(work), std::move(turn));
  if (done) co_return std::nullopt;
  if (done.error().code == Errc::cancelled) co_return failure_of_upstream(x, done.error());
  co_return not_done(done.error());
}

}  // namespace postern::proxy
