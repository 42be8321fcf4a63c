#include <algorithm>
#include <charconv>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/host.hpp"
#include "net/tcp.hpp"

namespace postern::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kResume = asio::as_tuple(asio::use_awaitable);

// A lookup that may outlive the one who asked: a blocked resolver cannot be stopped, only left behind.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), waiter(executor) {}

  tcp::resolver resolver;
  asio::steady_timer waiter;
  bool answered = false;
  std::string failure;
  std::vector<tcp::endpoint> found;
};

void start(const std::shared_ptr<Lookup>& lookup, const std::string& host, const std::string& port) {
  lookup->resolver.async_resolve(
      host, port, tcp::resolver::numeric_service,
      [lookup](const boost::system::error_code& error, const tcp::resolver::results_type& results) {
        lookup->answered = true;
        if (error) lookup->failure = error.message();
        for (const auto& entry : results) lookup->found.push_back(entry.endpoint());
        lookup->waiter.cancel();
      });
}

awaitable<Result<std::vector<tcp::endpoint>>> resolve(asio::any_io_executor executor, std::string host,
                                                      std::string port, SteadyTime deadline) {
  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->waiter.expires_at(deadline);
  start(lookup, host, port);
  const auto woken = co_await lookup->waiter.async_wait(kResume);
  lookup->resolver.cancel();
  if (!lookup->answered) {
    if (std::get<0>(woken)) co_return fail(Errc::cancelled, "looking up " + host + " was cancelled");
    co_return fail(Errc::timed_out, "looking up " + host + " took too long");
  }
  if (lookup->found.empty()) co_return fail(Errc::unavailable, "cannot look up " + host + ": " + lookup->failure);
  co_return std::move(lookup->found);
}

// What is left of the time, shared evenly, so that one silent address does not use up what the others need.
SteadyTime share_of(SteadyTime deadline, std::size_t addresses_left) {
  if (deadline == kNoDeadline || addresses_left <= 1) return deadline;
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now >= deadline) return deadline;
  return now + (deadline - now) / static_cast<SteadyTime::duration::rep>(addresses_left);
}

}  // namespace

awaitable<Result<std::unique_ptr<TcpStream>>> tcp_connect(asio::any_io_executor executor, std::string host,
                                                          std::string port, SteadyTime deadline) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size()) {
    co_return fail(Errc::invalid, "no port number: " + port);
  }
  std::vector<tcp::endpoint> endpoints;
  if (const auto address = address_literal(host)) {
    endpoints.emplace_back(*address, number);
  } else {
    auto found = co_await resolve(executor, host, port, deadline);
    if (!found) co_return std::move(found).error();
    endpoints = std::move(*found);
  }

  Error last = fail(Errc::unavailable, "no address");
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const tcp::endpoint to = endpoints[i];
    const SteadyTime until = share_of(deadline, endpoints.size() - i);
    auto connected = co_await TcpStream::connect(executor, to, until);
    if (connected) co_return std::move(connected);
    last = std::move(connected).error();
    last.what = "cannot connect to " + host + ":" + port + ": " + last.what;
    if (last.code == Errc::cancelled) break;
  }
  co_return last;
}

}  // namespace postern::net
