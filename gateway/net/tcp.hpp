#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/stream.hpp"

namespace postern::net {

// A plain connection: TCP_NODELAY, non-blocking; reads and writes try the system call first and wait only when it would
// block. Writing to a closed peer raises no SIGPIPE.
class TcpStream final : public Stream {
 public:
  explicit TcpStream(boost::asio::ip::tcp::socket socket);
  TcpStream(boost::asio::ip::tcp::socket socket, const boost::asio::ip::address& peer);
  ~TcpStream() override;
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  // To one address, within the deadline: unavailable when refused or unreachable, timed_out, cancelled.
  static awaitable<Result<std::unique_ptr<TcpStream>>> connect(boost::asio::any_io_executor executor,
                                                               boost::asio::ip::tcp::endpoint to, SteadyTime deadline);

  awaitable<Result<std::size_t>> read_some(std::span<char> into) override;
  awaitable<Result<void>> wait_readable() override;
  awaitable<Result<void>> write(std::span<const std::string_view> pieces) override;
  awaitable<void> shutdown() override;
  void close() noexcept override;
  void read_deadline(SteadyTime at) noexcept override;
  void write_deadline(SteadyTime at) noexcept override;
  void cancel_read() noexcept override;
  bool is_quiet() noexcept override;
  boost::asio::any_io_executor executor() const override;
  std::string peer() const override;

  // What the kernel says now of the other side; an IPv4 address and its form in IPv6 are the same.
  bool is_connected_to(const boost::asio::ip::address& address) noexcept;

  // Closes the connection, also after the stream was moved into a TLS one, and does nothing once that is gone. Called
  // on the thread of its executor.
  std::function<void()> closer() const;

  // For TLS on the same descriptor; -1 once closed.
  int native_handle() noexcept;
  awaitable<Result<void>> wait_writable();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Listens with SO_REUSEPORT, so that every worker has an acceptor of its own on the same address.
class Acceptor {
 public:
  // The `first` of a process takes the address for it: that fails where anything listens already, as another process of
  // the same user, with which the kernel would else share the connections in silence. The others join it.
  enum class Place { first, joining };

  // `host` is an address, IPv6 with or without brackets ("::" takes IPv6 alone), or a name that is looked up, blocking.
  // Port 0 takes a free one. The error is a sentence: "cannot listen on 0.0.0.0:80: Permission denied".
  static Result<std::unique_ptr<Acceptor>> listen(boost::asio::io_context& io, const std::string& host,
                                                  std::uint16_t port, Place place = Place::first);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // The next connection. `busy` when descriptors or memory have run out: the caller waits a little and goes on.
  // `cancelled` after close(), or when the Acceptor is gone.
  awaitable<Result<std::unique_ptr<TcpStream>>> accept();
  void close() noexcept;
  std::uint16_t port() const;

 private:
  struct Impl;
  explicit Acceptor(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

// Resolves and connects, one address after the other, within the deadline. `host` is a name or an address, IPv6 with or
// without brackets. Errors: unavailable (no such name, every address refused), timed_out, cancelled.
awaitable<Result<std::unique_ptr<TcpStream>>> tcp_connect(boost::asio::any_io_executor executor, std::string host,
                                                          std::string port, SteadyTime deadline);

}  // namespace postern::net
