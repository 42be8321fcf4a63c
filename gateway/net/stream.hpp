#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/result.hpp"

namespace postern::net {

using boost::asio::awaitable;
using SteadyTime = std::chrono::steady_clock::time_point;

// One connection, plain or TLS, whatever is underneath: all that readers and writers in edge/ and upstream/ know of it.
// Belongs to one worker's io_context and is used on its thread only. One read and one write may be under way at the
// same time, never two of a kind. Operations under way keep what they need alive: the stream itself may be destroyed,
// which closes it. Errors: closed (reset, or EOF inside TLS without close_notify), timed_out (the deadline passed),
// cancelled (close() was called, or the coroutine was cancelled), protocol (what came is no TLS). After a write that
// failed, the only thing left to do is close().
class Stream {
 public:
  virtual ~Stream() = default;

  // Some bytes; 0: the other side ended its sending in an orderly way. A cancelled read has taken nothing.
  virtual awaitable<Result<std::size_t>> read_some(std::span<char> into) = 0;
  // Completes when there is something to read: bytes or their end. May be wrong, then read_some waits. A read as far as
  // "never two of a kind" and the read deadline go. Holds no buffer, so that an idle stream costs none.
  virtual awaitable<Result<void>> wait_readable() = 0;
  // All bytes of all pieces, gathered into as few system calls and TLS records as fit. The pieces must stay alive.
  virtual awaitable<Result<void>> write(std::span<const std::string_view> pieces) = 0;
  // Orderly end: TLS close_notify, then the sending side; what still arrives is dropped, so that the last answer is not
  // lost to a reset. Bounded by the write deadline, and by two seconds. Then close().
  virtual awaitable<void> shutdown() = 0;
  // Ends what is under way with `cancelled` and closes. Safe to call at any time, more than once.
  virtual void close() noexcept = 0;

  // When the time passes, an operation that waits ends with timed_out, and so does every later one that would have to
  // wait; what is there already is still delivered. Each is set anew before it is needed. Cheap: moving it later costs
  // no system call (one timer per stream, which is armed again only when it fires early).
  virtual void read_deadline(SteadyTime at) noexcept = 0;
  virtual void write_deadline(SteadyTime at) noexcept = 0;

  // Ends a read or wait_readable() under way with `cancelled`; nothing is lost, and the stream goes on. For a watcher
  // of a connection that makes room for the next reader. Without one under way it does nothing.
  virtual void cancel_read() noexcept = 0;

  // True while the connection stands and nothing has come that was not read: no byte, no end. For pooled connections.
  virtual bool is_quiet() noexcept = 0;
  virtual boost::asio::any_io_executor executor() const = 0;
  // Address of the other side without port, as text.
  virtual std::string peer() const = 0;
};

inline constexpr SteadyTime kNoDeadline = SteadyTime::max();

}  // namespace postern::net
