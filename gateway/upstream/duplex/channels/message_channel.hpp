#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "http/message.hpp"

namespace postern::upstream {

// The longest message a server behind may send, in bytes: as much as is read of a list that must be filtered.
inline constexpr std::size_t kLongestMessage = 16 * 1024 * 1024;
// What may wait for a server that does not read, in bytes.
inline constexpr std::size_t kMostQueued = 16 * 1024 * 1024;

// What a channel tells its owner, on the hub's thread and never from within a call of the channel. `opened` comes when
// the server can be spoken to; `closed` comes once and last: nothing of the channel runs then.
struct ChannelEvents {
  std::function<void()> opened;
  std::function<void(std::string message)> message;
  // A message over kLongestMessage: its beginning, of that size. The rest is skipped.
  std::function<void(std::string beginning)> too_long;
  std::function<void(const Error& why)> closed;
};

// JSON-RPC messages in both directions, whatever carries them. Belongs to the hub's thread. Kept alive by what runs for
// it until it has closed.
class MessageChannel {
 public:
  using Sent = std::function<void(Result<void>)>;

  virtual ~MessageChannel() = default;
  // One message as one line of JSON. `headers`: what a channel over HTTP sends along. `sent` says once whether the
  // server took it, as far as the channel can know; `busy` when too much waits already.
  virtual void send(std::string message, const http::Headers& headers, Sent sent) = 0;
  // Ends it in good order. No message comes any more; `closed` does, within some seconds.
  virtual void close() = 0;
  // At once: for the end of the gateway.
  virtual void kill() = 0;
};

}  // namespace postern::upstream
