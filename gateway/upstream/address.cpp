#include "upstream/address.hpp"

#include <algorithm>
#include <stdexcept>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/url/url.hpp"
#include "net/tcp.hpp"
#include "upstream/attached.hpp"

namespace postern::upstream {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kAvoidAfterFailure{5};

net::SteadyTime now() { return std::chrono::steady_clock::now(); }

Error was_cancelled() { return fail(Errc::cancelled, "the exchange was cancelled"); }

// `tls` may be null: a plain connection.
awaitable<Result<std::unique_ptr<net::Stream>>> open(asio::any_io_executor executor, std::string host, std::string port,
                                                     std::shared_ptr<const net::TlsClient> tls,
                                                     net::SteadyTime deadline) {
  auto connected = co_await net::tcp_connect(executor, host, port, deadline);
  if (!connected) co_return std::move(connected).error();
  auto tcp = std::move(*connected);
  if (!tls) co_return std::move(tcp);
  auto secured = co_await net::tls_connect(std::move(tcp), std::move(tls), host, deadline);
  if (secured) co_return std::move(secured);
  Error error = std::move(secured).error();
  error.what = "cannot connect to " + host + ":" + port + " by TLS: " + error.what;
  co_return error;
}

class InQueue {
 public:
  InQueue(std::deque<asio::steady_timer*>& queue, asio::steady_timer& timer) : queue_(queue), timer_(timer) {
    queue_.push_back(&timer_);
  }
  ~InQueue() { std::erase(queue_, &timer_); }
  InQueue(const InQueue&) = delete;
  InQueue& operator=(const InQueue&) = delete;

 private:
  std::deque<asio::steady_timer*>& queue_;
  asio::steady_timer& timer_;
};

}  // namespace

Connection::Connection(std::shared_ptr<Address> address, std::unique_ptr<net::Stream> stream, bool reused)
    : address_(std::move(address)), stream_(std::move(stream)), reused_(reused) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  close();
  address_ = std::move(other.address_);
  stream_ = std::move(other.stream_);
  reused_ = other.reused_;
  return *this;
}

void Connection::close() noexcept {
  stream_.reset();
  if (const auto address = std::move(address_)) address->give_place_back();
}

void Connection::keep(std::chrono::milliseconds idle) noexcept {
  if (const auto address = std::move(address_)) address->put_back(std::move(stream_), idle);
}

Address::Address(asio::any_io_executor executor, const std::string& url, const Limits& limits, TlsSource tls)
    : executor_(std::move(executor)), limits_(limits), sweep_timer_(executor_) {
  const auto parsed = http::parse_url(url);
  const bool secure = parsed && parsed->scheme == "https";
  if (!parsed || (!secure && parsed->scheme != "http") || parsed->host.empty() || parsed->has_userinfo) {
    throw std::invalid_argument("no http:// or https:// URL: " + url);
  }
  if (secure && !tls) throw std::invalid_argument("no TLS for " + url);
  if (secure) tls_ = std::move(tls);
  host_ = parsed->host;
  port_ = !parsed->port.empty() ? parsed->port : secure ? "443" : "80";
  authority_ = parsed->port.empty() ? host_ : host_ + ":" + port_;
  target_ = parsed->path.empty() ? "/" : parsed->path;
  if (parsed->has_query) target_ += "?" + parsed->query;
}

bool Address::failed_lately() const noexcept { return now() < avoid_until_; }

void Address::retire() noexcept {
  retired_ = true;
  sweep_timer_.cancel();
  taken_ -= idle_.size();
  idle_.clear();
}

awaitable<Result<Connection>> Address::acquire(std::shared_ptr<Address> self, CancelSlot& slot, bool fresh) {
  const net::SteadyTime deadline = now() + self->limits_.connect_timeout;
  for (;;) {
    if (slot.cancelled()) co_return was_cancelled();
    if (!fresh) {
      auto idle = self->take_idle();
      if (idle) co_return Connection(self, std::move(idle), true);
    }
    if (self->taken_ < self->limits_.connections) break;
    if (!self->idle_.empty()) {
      self->idle_.erase(self->idle_.begin());
      --self->taken_;
      break;
    }
    const auto place = co_await wait_for_place(self, slot, deadline);
    if (!place) co_return place.error();
  }
  auto connected = co_await connect(self, slot);
  co_return connected;
}

awaitable<Result<void>> Address::wait_for_place(std::shared_ptr<Address> self, CancelSlot& slot,
                                                net::SteadyTime deadline) {
  asio::steady_timer timer(self->executor_, deadline);
  const InQueue queued(self->waiting_, timer);
  const Attached attached(slot, [&timer] { timer.cancel(); });
  constexpr auto resume = asio::as_tuple(asio::use_awaitable);
  const auto woken = co_await timer.async_wait(resume);
  const bool late = !std::get<0>(woken);
  if (!late && !slot.cancelled()) co_return Result<void>{};
  // The place that may have been offered in the meantime is for the next one.
  if (self->taken_ < self->limits_.connections || !self->idle_.empty()) self->wake_one();
  if (slot.cancelled()) co_return was_cancelled();
  co_return fail(Errc::busy, "every connection to " + self->authority_ + " is in use");
}

awaitable<Result<Connection>> Address::connect(std::shared_ptr<Address> self, CancelSlot& slot) {
  ++self->taken_;
  Connection connection(self, nullptr, false);  // holds the place while connecting
  asio::cancellation_signal signal;
  const Attached attached(slot, [&signal] { signal.emit(asio::cancellation_type::terminal); });
  auto resume = asio::bind_cancellation_slot(signal.slot(), asio::as_tuple(asio::use_awaitable));
  auto tls = self->tls_ ? self->tls_() : nullptr;
  auto connecting =
      open(self->executor_, self->host_, self->port_, std::move(tls), now() + self->limits_.connect_timeout);
  auto ended = co_await asio::co_spawn(self->executor_, std::move(connecting), std::move(resume));
  if (slot.cancelled()) co_return was_cancelled();
  if (std::get<0>(ended)) std::rethrow_exception(std::get<0>(ended));
  auto& connected = std::get<1>(ended);
  if (!connected) {
    self->avoid_until_ = now() + kAvoidAfterFailure;
    co_return fail(Errc::unavailable, connected.error().what);
  }
  self->avoid_until_ = net::SteadyTime::min();
  connection.stream_ = std::move(*connected);
  co_return std::move(connection);
}

// What can be read on an idle connection is its end, or an answer nobody asked for: either way it is not used again.
std::unique_ptr<net::Stream> Address::take_idle() noexcept {
  while (!idle_.empty()) {
    Idle top = std::move(idle_.back());
    idle_.pop_back();
    if (now() < top.until && top.stream->is_quiet()) return std::move(top.stream);
    --taken_;
  }
  return nullptr;
}

void Address::put_back(std::unique_ptr<net::Stream> stream, std::chrono::milliseconds idle) noexcept {
  if (retired_) {
    stream.reset();
    return give_place_back();
  }
  stream->read_deadline(net::kNoDeadline);
  stream->write_deadline(net::kNoDeadline);
  const net::SteadyTime until = now() + idle;
  idle_.push_back({std::move(stream), until});
  sweep_at(until);
  wake_one();
}

void Address::give_place_back() noexcept {
  --taken_;
  wake_one();
}

void Address::wake_one() noexcept {
  if (waiting_.empty()) return;
  waiting_.front()->cancel();
  waiting_.pop_front();
}

void Address::sweep_at(net::SteadyTime time) {
  if (time >= next_sweep_) return;
  next_sweep_ = time;
  sweep_timer_.expires_at(time);
  sweep_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self && !error) self->sweep();
  });
}

void Address::sweep() noexcept {
  const net::SteadyTime time = now();
  const std::size_t dropped =
      std::erase_if(idle_, [time](const Idle& idle) { return idle.until <= time || !idle.stream->is_quiet(); });
  taken_ -= dropped;
  next_sweep_ = net::kNoDeadline;
  const auto first = std::ranges::min_element(idle_, {}, &Idle::until);
  if (first != idle_.end()) sweep_at(first->until);
}

}  // namespace postern::upstream
