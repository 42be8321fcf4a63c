#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/stream.hpp"
#include "upstream/upstream.hpp"

namespace postern::upstream {

class Address;

// A connection in use by one exchange. Closes it and gives its place back when it goes, unless it was kept.
class Connection {
 public:
  Connection() = default;
  Connection(std::shared_ptr<Address> address, std::unique_ptr<net::Stream> stream, bool reused);
  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection() { close(); }

  net::Stream* stream() const noexcept { return stream_.get(); }
  // It carried an exchange before: the other side may have ended it in the meantime.
  bool reused() const noexcept { return reused_; }
  void close() noexcept;
  // Makes it available to later exchanges, for that long: only after a whole answer, with nothing left over.
  void keep(std::chrono::milliseconds idle) noexcept;

 private:
  friend class Address;
  std::shared_ptr<Address> address_;
  std::unique_ptr<net::Stream> stream_;
  bool reused_ = false;
};

// One place the upstream is served at, with its connections: those idle, the last used on top, and a count of all.
// Belongs to one worker. Connections in use keep it alive.
class Address : public std::enable_shared_from_this<Address> {
 public:
  struct Limits {
    std::size_t connections = 0;
    std::chrono::milliseconds connect_timeout{};  // with the TLS handshake
  };

  // Throws std::invalid_argument when it is no http:// or https:// URL, or is https:// without `tls`.
  Address(boost::asio::any_io_executor executor, const std::string& url, const Limits& limits, TlsSource tls);

  // What follows "Host: ", and the path and query of the URL.
  const std::string& authority() const noexcept { return authority_; }
  const std::string& target() const noexcept { return target_; }

  // An idle connection that still stands, or a new one; `fresh`: a new one in any case. Waits for a place where all are
  // taken. Errors: unavailable (cannot connect), busy (no place in time), cancelled.
  static awaitable<Result<Connection>> acquire(std::shared_ptr<Address> self, CancelSlot& slot, bool fresh);

  // Could not be connected to lately: others are tried first.
  bool failed_lately() const noexcept;
  // Idle connections are closed, those in use when they come back.
  void retire() noexcept;

 private:
  friend class Connection;
  struct Idle {
    std::unique_ptr<net::Stream> stream;
    net::SteadyTime until;
  };

  static awaitable<Result<Connection>> connect(std::shared_ptr<Address> self, CancelSlot& slot);
  static awaitable<Result<void>> wait_for_place(std::shared_ptr<Address> self, CancelSlot& slot,
                                                net::SteadyTime deadline);
  std::unique_ptr<net::Stream> take_idle() noexcept;
  void put_back(std::unique_ptr<net::Stream> stream, std::chrono::milliseconds idle) noexcept;
  void give_place_back() noexcept;
  void wake_one() noexcept;
  void sweep_at(net::SteadyTime time);
  void sweep() noexcept;

  boost::asio::any_io_executor executor_;
  Limits limits_;
  TlsSource tls_;  // empty for http://
  std::string host_;
  std::string port_;
  std::string authority_;
  std::string target_;
  std::size_t taken_ = 0;  // connections there are, idle ones included, and those being made
  std::vector<Idle> idle_;
  std::deque<boost::asio::steady_timer*> waiting_;
  boost::asio::steady_timer sweep_timer_;
  net::SteadyTime next_sweep_ = net::kNoDeadline;
  bool retired_ = false;
  net::SteadyTime avoid_until_ = net::SteadyTime::min();
};

}  // namespace postern::upstream
