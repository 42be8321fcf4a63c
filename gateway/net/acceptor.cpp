#include "net/tcp.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/system_error.hpp"
#include "net/host.hpp"

namespace postern::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kResume = asio::as_tuple(asio::use_awaitable);
constexpr int kBacklog = 4096;
// A full backlog must not keep the connections already accepted waiting.
constexpr unsigned kAcceptsInARow = 16;

Result<tcp::endpoint> endpoint_of(asio::io_context& io, const std::string& host, std::uint16_t port) {
  if (const auto address = address_literal(host)) return tcp::endpoint(*address, port);
  tcp::resolver resolver(io);
  boost::system::error_code error;
  const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
  if (error || found.empty()) return fail(Errc::not_found, "no such host");
  return found.begin()->endpoint();
}

boost::system::error_code share_port(tcp::acceptor& acceptor) {
  const int on = 1;
  if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) return {};
  return {errno, boost::system::system_category()};
}

boost::system::error_code open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, Acceptor::Place place) {
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (error) return error;
  if (place == Acceptor::Place::joining) error = share_port(acceptor);
  if (error) return error;
  // So that 0.0.0.0 and :: can be listened on beside each other, and no client appears as a mapped address.
  if (endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (error) return error;
  acceptor.bind(endpoint, error);
  if (error) return error;
  // Only once bound: a port bound without sharing is refused where others share it.
  if (place == Acceptor::Place::first) error = share_port(acceptor);
  if (error) return error;
  acceptor.listen(kBacklog, error);
  if (error) return error;
  acceptor.native_non_blocking(true, error);
  return error;
}

}  // namespace

struct Acceptor::Impl {
  explicit Impl(asio::io_context& io) : acceptor(io) {}

  static awaitable<Result<std::unique_ptr<TcpStream>>> accept(std::shared_ptr<Impl> self);

  tcp::acceptor acceptor;
  tcp protocol = tcp::v4();
  unsigned in_a_row = 0;
  bool closed = false;
};

Result<std::unique_ptr<Acceptor>> Acceptor::listen(asio::io_context& io, const std::string& host, std::uint16_t port,
                                                   Place place) {
  auto impl = std::make_shared<Impl>(io);
  const auto cannot = [&](const std::string& why) {
    return fail(Errc::unavailable, "cannot listen on " + host + ":" + std::to_string(port) + ": " + why);
  };
  const auto endpoint = endpoint_of(io, host, port);
  if (!endpoint) return cannot(endpoint.error().what);
  const auto error = open(impl->acceptor, *endpoint, place);
  if (error) return cannot(error.message());
  impl->protocol = endpoint->protocol();
  return std::unique_ptr<Acceptor>(new Acceptor(std::move(impl)));
}

Acceptor::Acceptor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Acceptor::~Acceptor() { close(); }

awaitable<Result<std::unique_ptr<TcpStream>>> Acceptor::Impl::accept(std::shared_ptr<Impl> self) {
  if (++self->in_a_row % kAcceptsInARow == 0) {
    const auto executor = self->acceptor.get_executor();
    co_await asio::post(executor, asio::use_awaitable);
  }
  for (;;) {
    if (self->closed) co_return fail(Errc::cancelled, "no longer listening");
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    // Not through Asio, which would leave the descriptor open across exec, for children to inherit.
    const int descriptor =
        ::accept4(self->acceptor.native_handle(), reinterpret_cast<sockaddr*>(&address), &length, SOCK_CLOEXEC);
    if (descriptor >= 0) {
      tcp::endpoint peer;
      std::memcpy(peer.data(), &address, length);
      peer.resize(length);
      boost::system::error_code error;
      tcp::socket socket(self->acceptor.get_executor());
      socket.assign(self->protocol, descriptor, error);
      if (error) {
        ::close(descriptor);
        co_return fail(Errc::busy, error.message());
      }
      co_return std::make_unique<TcpStream>(std::move(socket), peer.address());
    }
    const int error = errno;
    // accept(2): a connection that died while it waited reports its own error here.
    const bool died = error == EINTR || error == ECONNABORTED || error == EPROTO || error == EPERM ||
                      error == ENETDOWN || error == EHOSTDOWN || error == EHOSTUNREACH || error == ENETUNREACH;
    if (died) continue;
    if (error != EAGAIN && error != EWOULDBLOCK) co_return fail(Errc::busy, system_message(error));
    const auto woken = co_await self->acceptor.async_wait(tcp::acceptor::wait_read, kResume);
    if (std::get<0>(woken)) co_return fail(Errc::cancelled, "no longer listening");
  }
}

awaitable<Result<std::unique_ptr<TcpStream>>> Acceptor::accept() { return Impl::accept(impl_); }

void Acceptor::close() noexcept {
  impl_->closed = true;
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
}

std::uint16_t Acceptor::port() const {
  boost::system::error_code error;
  const auto endpoint = impl_->acceptor.local_endpoint(error);
  return error ? std::uint16_t{0} : endpoint.port();
}

}  // namespace postern::net
