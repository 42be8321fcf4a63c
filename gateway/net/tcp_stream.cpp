#include "net/tcp.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/system_error.hpp"

namespace postern::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kResume = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kLongestFarewell{2};
constexpr std::size_t kMostDropped = 4 * 1024 * 1024;
constexpr std::size_t kPiecesAtOnce = 16;
// A connection that is never out of data must let the others of its worker have their turn.
constexpr unsigned kReadsInARow = 16;

struct Direction {
  SteadyTime deadline = kNoDeadline;
  int waiting = 0;
  bool cancelled = false;  // by cancel_read(), until the operation it was meant for has ended

  bool passed(SteadyTime now) const noexcept { return deadline <= now; }
  bool passed() const noexcept { return deadline != kNoDeadline && passed(std::chrono::steady_clock::now()); }
};

class Waiting {
 public:
  explicit Waiting(Direction& direction) noexcept : direction_(direction) {
    ++direction_.waiting;
    direction_.cancelled = false;
  }
  ~Waiting() { --direction_.waiting; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Direction& direction_;
};

Error closed_by(int error) { return fail(Errc::closed, system_message(error)); }
Error was_closed() { return fail(Errc::cancelled, "the connection was closed"); }
Error was_cancelled() { return fail(Errc::cancelled, "the read was cancelled"); }
Error was_late() { return fail(Errc::timed_out, "the deadline passed"); }

std::string address_text(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace

struct TcpStream::Impl : std::enable_shared_from_this<Impl> {
  explicit Impl(tcp::socket connected) : socket(std::move(connected)) {
    boost::system::error_code ignored;
    socket.native_non_blocking(true, ignored);
    socket.set_option(tcp::no_delay(true), ignored);
  }

  void close() noexcept {
    if (closed) return;
    closed = true;
    timer.reset();
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  void set_deadline(Direction& direction, SteadyTime at) {
    direction.deadline = at;
    if (direction.waiting > 0) arm(at);
  }

  void arm(SteadyTime at) {
    if (closed || at >= armed) return;
    if (!timer) timer.emplace(socket.get_executor());
    armed = at;
    timer->expires_at(at);
    timer->async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->look_at_deadlines();
    });
  }

  // A cancelled socket wakes both directions; the one whose deadline has not passed goes on waiting.
  void look_at_deadlines() {
    armed = kNoDeadline;
    if (closed) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    SteadyTime next = kNoDeadline;
    bool late = false;
    for (const Direction* direction : {&reading, &writing}) {
      if (direction->waiting == 0) continue;
      late = late || direction->passed(now);
      next = std::min(next, direction->deadline);
    }
    if (!late) return arm(next);
    boost::system::error_code ignored;
    socket.cancel(ignored);
  }

  tcp::socket socket;
  std::string peer;
  Direction reading;
  Direction writing;
  std::optional<asio::steady_timer> timer;
  SteadyTime armed = kNoDeadline;
  bool closed = false;
  bool drained = false;  // the last read took all there was: asking the kernel again at once would be a wasted call
  unsigned reads_in_a_row = 0;  // without waiting

  static awaitable<Result<void>> wait(std::shared_ptr<Impl> self, tcp::socket::wait_type what);
  static awaitable<Result<std::size_t>> read(std::shared_ptr<Impl> self, std::span<char> into);
  static awaitable<Result<void>> write(std::shared_ptr<Impl> self, std::span<const std::string_view> pieces);
  static awaitable<void> shutdown(std::shared_ptr<Impl> self);
};

awaitable<Result<void>> TcpStream::Impl::wait(std::shared_ptr<Impl> self, tcp::socket::wait_type what) {
  Direction& direction = what == tcp::socket::wait_read ? self->reading : self->writing;
  for (;;) {
    if (self->closed) co_return was_closed();
    if (direction.passed()) co_return was_late();
    boost::system::error_code error;
    {
      const Waiting waiting(direction);
      self->arm(direction.deadline);
      const auto woken = co_await self->socket.async_wait(what, kResume);
      error = std::get<0>(woken);
    }
    if (self->closed) co_return was_closed();
    if (!error) co_return Result<void>{};
    if (error != asio::error::operation_aborted) co_return closed_by(error.value());
    if (direction.cancelled) co_return was_cancelled();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return was_closed();
  }
}

awaitable<Result<std::size_t>> TcpStream::Impl::read(std::shared_ptr<Impl> self, std::span<char> into) {
  for (;;) {
    if (self->closed) co_return was_closed();
    const bool late = self->reading.passed();
    if (late || (!self->drained && self->reads_in_a_row < kReadsInARow)) {
      ++self->reads_in_a_row;
      const ssize_t got = ::recv(self->socket.native_handle(), into.data(), into.size(), 0);
      const int error = errno;
      self->drained = got < static_cast<ssize_t>(into.size());
      if (got >= 0) co_return static_cast<std::size_t>(got);
      if (error != EAGAIN && error != EWOULDBLOCK && error != EINTR) co_return closed_by(error);
      if (late) co_return was_late();
    }
    boost::system::error_code error;
    std::size_t got = 0;
    self->reads_in_a_row = 0;
    {
      const Waiting waiting(self->reading);
      self->arm(self->reading.deadline);
      const auto buffer = asio::buffer(into.data(), into.size());
      // Unlike a bare wait this costs no epoll_ctl: the reactor reads when the descriptor wakes.
      const auto received = co_await self->socket.async_receive(buffer, kResume);
      error = std::get<0>(received);
      got = std::get<1>(received);
    }
    if (!error || error == asio::error::eof) {
      self->drained = got < into.size();
      co_return got;
    }
    if (self->closed) co_return was_closed();
    if (error != asio::error::operation_aborted) co_return closed_by(error.value());
    if (self->reading.cancelled) co_return was_cancelled();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return was_closed();
  }
}

awaitable<Result<void>> TcpStream::Impl::write(std::shared_ptr<Impl> self, std::span<const std::string_view> pieces) {
  std::size_t sent = 0;  // of the first piece
  for (;;) {
    while (!pieces.empty() && sent == pieces.front().size()) {
      pieces = pieces.subspan(1);
      sent = 0;
    }
    if (pieces.empty()) co_return Result<void>{};
    if (self->closed) co_return was_closed();

    std::array<iovec, kPiecesAtOnce> vectors;
    const std::size_t count = std::min(pieces.size(), vectors.size());
    for (std::size_t i = 0; i < count; ++i) {
      vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
    }
    vectors[0] = {const_cast<char*>(pieces[0].data()) + sent, pieces[0].size() - sent};
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t written = ::sendmsg(self->socket.native_handle(), &message, MSG_NOSIGNAL);
    if (written < 0) {
      const int error = errno;
      if (error == EINTR) continue;
      if (error != EAGAIN && error != EWOULDBLOCK) co_return closed_by(error);
      const auto writable = co_await wait(self, tcp::socket::wait_write);
      if (!writable) co_return writable.error();
      continue;
    }
    std::size_t rest = static_cast<std::size_t>(written);
    while (!pieces.empty() && rest >= pieces.front().size() - sent) {
      rest -= pieces.front().size() - sent;
      pieces = pieces.subspan(1);
      sent = 0;
    }
    sent += rest;
  }
}

awaitable<void> TcpStream::Impl::shutdown(std::shared_ptr<Impl> self) {
  if (self->closed) co_return;
  ::shutdown(self->socket.native_handle(), SHUT_WR);
  // Closing with unread bytes sends a reset, which makes the other side's kernel throw away what it has not yet read.
  const bool reading = self->reading.waiting > 0;
  self->reading.deadline = std::min(self->writing.deadline, std::chrono::steady_clock::now() + kLongestFarewell);
  std::size_t dropped = 0;
  while (!reading && !self->closed && dropped < kMostDropped) {
    // Linux: MSG_TRUNC on TCP drops the bytes without copying them (tcp(7)).
    const ssize_t got = ::recv(self->socket.native_handle(), nullptr, kMostDropped, MSG_TRUNC | MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) break;
    if (got > 0) {
      dropped += static_cast<std::size_t>(got);
      continue;
    }
    const auto readable = co_await wait(self, tcp::socket::wait_read);
    if (!readable) break;
  }
  self->close();
}

TcpStream::TcpStream(tcp::socket socket) : impl_(std::make_shared<Impl>(std::move(socket))) {
  boost::system::error_code error;
  const auto remote = impl_->socket.remote_endpoint(error);
  if (!error) impl_->peer = address_text(remote.address());
}

TcpStream::TcpStream(tcp::socket socket, const asio::ip::address& peer)
    : impl_(std::make_shared<Impl>(std::move(socket))) {
  impl_->peer = address_text(peer);
}

TcpStream::~TcpStream() { impl_->close(); }

awaitable<Result<std::unique_ptr<TcpStream>>> TcpStream::connect(asio::any_io_executor executor, tcp::endpoint to,
                                                                 SteadyTime deadline) {
  tcp::socket socket(executor);
  boost::system::error_code error;
  socket.open(to.protocol(), error);
  if (error) co_return fail(Errc::busy, error.message());
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  auto stream = std::make_unique<TcpStream>(std::move(socket), to.address());
  const auto impl = stream->impl_;
  stream->read_deadline(deadline);
  stream->write_deadline(deadline);
  if (impl->writing.passed()) co_return was_late();
  {
    const Waiting waiting(impl->writing);
    impl->arm(deadline);
    const auto connected = co_await impl->socket.async_connect(to, kResume);
    error = std::get<0>(connected);
  }
  if (!error) co_return std::move(stream);
  if (error != asio::error::operation_aborted) co_return fail(Errc::unavailable, error.message());
  if (impl->writing.passed()) co_return was_late();
  co_return was_closed();
}

awaitable<Result<std::size_t>> TcpStream::read_some(std::span<char> into) { return Impl::read(impl_, into); }

awaitable<Result<void>> TcpStream::wait_readable() { return Impl::wait(impl_, tcp::socket::wait_read); }

awaitable<Result<void>> TcpStream::wait_writable() { return Impl::wait(impl_, tcp::socket::wait_write); }

awaitable<Result<void>> TcpStream::write(std::span<const std::string_view> pieces) {
  return Impl::write(impl_, pieces);
}

awaitable<void> TcpStream::shutdown() { return Impl::shutdown(impl_); }

void TcpStream::close() noexcept { impl_->close(); }

std::function<void()> TcpStream::closer() const {
  return [impl = std::weak_ptr<Impl>(impl_)] {
    if (const auto there = impl.lock()) there->close();
  };
}

void TcpStream::read_deadline(SteadyTime at) noexcept { impl_->set_deadline(impl_->reading, at); }

void TcpStream::write_deadline(SteadyTime at) noexcept { impl_->set_deadline(impl_->writing, at); }

void TcpStream::cancel_read() noexcept {
  if (impl_->closed || impl_->reading.waiting == 0) return;
  impl_->reading.cancelled = true;
  boost::system::error_code ignored;
  impl_->socket.cancel(ignored);  // wakes a writer too, which goes on waiting
}

bool TcpStream::is_quiet() noexcept {
  if (impl_->closed) return false;
  char byte = 0;
  return ::recv(impl_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

asio::any_io_executor TcpStream::executor() const { return impl_->socket.get_executor(); }

std::string TcpStream::peer() const { return impl_->peer; }

bool TcpStream::is_connected_to(const asio::ip::address& address) noexcept {
  boost::system::error_code error;
  const auto remote = impl_->socket.remote_endpoint(error);
  return !error && address_text(remote.address()) == address_text(address);
}

int TcpStream::native_handle() noexcept { return impl_->closed ? -1 : impl_->socket.native_handle(); }

}  // namespace postern::net
