#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "edge/connections.hpp"
#include "edge/http1/connection.hpp"
#include "net/tcp.hpp"
#include "net/tls/tls.hpp"

namespace postern::edge {

// The certificates of a listener as they are now; replaced when the files change. Thread-safe.
class TlsSlot {
 public:
  explicit TlsSlot(std::shared_ptr<const net::TlsServer> tls) : tls_(std::move(tls)) {}
  std::shared_ptr<const net::TlsServer> get() const { return std::atomic_load(&tls_); }
  void set(std::shared_ptr<const net::TlsServer> tls) { std::atomic_store(&tls_, std::move(tls)); }

 private:
  std::shared_ptr<const net::TlsServer> tls_;
};

// One thread's acceptor on one address: takes connections until it is closed. `tls` is null for plaintext. What is
// given must outlive the io_context's coroutines.
class Listener {
 public:
  Listener(std::unique_ptr<net::Acceptor> acceptor, ListenerInfo info, std::shared_ptr<TlsSlot> tls,
           Connections& connections, const Handler& handler);

  void start();
  void close() noexcept { acceptor_->close(); }
  std::uint16_t port() const { return acceptor_->port(); }

 private:
  awaitable<void> accept_loop();
  void admit(std::unique_ptr<net::TcpStream> stream);
  void out_of_descriptors(const Error& error);
  void refuse(std::unique_ptr<net::TcpStream> stream, std::string_view why);

  std::unique_ptr<net::Acceptor> acceptor_;
  ListenerInfo info_;
  std::shared_ptr<TlsSlot> tls_;
  Connections& connections_;
  const Handler& handler_;
  std::shared_ptr<std::size_t> turned_away_ = std::make_shared<std::size_t>(0);  // being told so now
  net::SteadyTime quiet_until_{};  // descriptors have run out and that was logged
};

}  // namespace postern::edge
