#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"
#include "proxy/refusals.hpp"

namespace postern::proxy {
namespace {

// Many clients give up their session when they get a 429, so calls that come all at once are spread over a second
// first. A waiting call holds a connection and some kilobytes but no thread, and one user cannot take every place.
constexpr limits::QueueLimits kQueue{.longest = std::chrono::seconds(1), .of_one_key = 256, .in_all = 4096};

std::string seconds_text(int seconds) { return seconds == 1 ? "a second" : std::to_string(seconds) + " seconds"; }

// False: the client has gone meanwhile.
awaitable<bool> wait_until(McpExchange& x, limits::Turn::Time at) {
  boost::asio::steady_timer timer(x.client.executor(), at);
  x.client.watch([&timer] { timer.cancel(); });
  co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  const bool gone = co_await x.client.unwatch();
  co_return !gone;
}

authn::Refusal too_many_calls(int wait) {
  auto refused = refusal(429, "rate_limited", "too many calls: try again in " + seconds_text(wait));
  refused.retry_after = wait;
  return refused;
}

}  // namespace

MaybeRefusal check_rate(const McpExchange& x, std::string_view key) {
  const int wait =
      x.services().counters.rates.call.take(key, std::chrono::steady_clock::now(), x.generation->limits().call);
  return wait == 0 ? MaybeRefusal() : too_many_calls(wait);
}

awaitable<MaybeRefusal> await_turn(McpExchange& x, std::string key) {
  auto turn = x.services().counters.rates.call.reserve(key, std::chrono::steady_clock::now(),
                                                       x.generation->limits().call, kQueue);
  if (!turn) co_return too_many_calls(turn.retry_after());
  if (!turn.waits()) co_return std::nullopt;
  const bool came = co_await wait_until(x, turn.at());
  if (came) {
    turn.take();
    co_return std::nullopt;
  }
  // Not answered, but it ends the phases.
  x.context.body_read = true;
  x.outcome = telemetry::Outcome::cancelled;
  auto gone = refusal(400, "invalid_request", "the client has gone");
  co_return gone;
}

}  // namespace postern::proxy
