#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "base/result.hpp"
#include "http/message.hpp"
#include "http/wire/head.hpp"
#include "net/stream.hpp"
#include "net/tls/tls.hpp"

namespace postern::upstream {

using net::awaitable;

// What to send: headers are complete but for Host, framing and Connection, which the upstream adds itself.
struct Request {
  std::string method;
  std::string target;  // path and query, in place of the upstream URL's own when not empty
  http::Headers headers;
  std::string body;     // sent byte for byte with a Content-Length
  std::string address;  // of several urls, the authority that must serve this one (a session lives there);
                        // empty: any
  std::string caller;   // who it is for, as an opaque key; of those that keep something for each caller
  std::string user;     // on whose behalf, as an opaque key: of those where one user may hold so much only
};

// One request and its answer. The head stays valid until the exchange goes. Destroying an exchange that is not finished
// closes its connection, which is how a cancellation reaches the server behind; a read_body() under way ends with
// `cancelled` then. Used on one worker's thread.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const http::ResponseHead& head() const noexcept = 0;
  // The next bytes of the body as they come, a view valid until the next call; empty at its end. Errors: protocol (bad
  // framing, early end), timed_out, cancelled, closed.
  virtual awaitable<Result<std::string_view>> read_body() = 0;
  // Bytes of the body that came with the head and can be relayed in the same write; empty when none. Does not wait.
  virtual Result<std::string_view> body_at_hand() = 0;
  // True once the whole body was read and the framing held.
  virtual bool finished() const noexcept = 0;
  // Ends read_body() under way with `cancelled`.
  virtual void cancel() noexcept = 0;
  // Which of several urls served this: its authority, "" where there is no choice. What Request::address takes.
  virtual std::string_view address() const noexcept { return {}; }
};

// Lets the owner of a client connection end an exchange that has not yet an answer. Lives in the caller's coroutine,
// longer than the exchange() it is passed to.
class CancelSlot {
 public:
  void cancel() noexcept;  // once set, exchanges begun later end at once too
  bool cancelled() const noexcept { return cancelled_; }
  // For upstream implementations: the connection to close on cancel; nullptr when done.
  void attach(net::Stream* stream) noexcept;
  // The same for what is no connection; empty when done.
  void on_cancel(std::function<void()> act) noexcept { act_ = std::move(act); }

 private:
  std::function<void()> act_;
  bool cancelled_ = false;
};

// A server behind. One object per worker; not thread-safe. May go while exchanges are under way, which end as they
// would.
class Upstream {
 public:
  virtual ~Upstream() = default;
  // Sends the request and waits for the answer's head; informational answers are skipped (at most 8). A request is sent
  // twice in one case only: its method is idempotent, and the connection, used before, ended without a byte of the
  // answer. A POST never is. Errors: unavailable (cannot connect, or closed without an answer), timed_out (no head in
  // time), busy (every connection is in use), protocol (what came is no acceptable HTTP), cancelled, invalid (method or
  // target cannot be sent). `slot` receives a handle with which the caller can cancel while waiting.
  virtual awaitable<Result<std::unique_ptr<Exchange>>> exchange(Request request, CancelSlot& slot) = 0;
  // Puts a message of the gateway's own, on one line, on the event stream of a session that is kept here. False: there
  // is no such session (any more), as with servers that keep their own.
  virtual awaitable<bool> deliver(std::string session, std::string message) {
    static_cast<void>(session);
    static_cast<void>(message);
    co_return false;
  }
};

// What new connections are made with: asked each time, so that replaced files count from then on.
using TlsSource = std::function<std::shared_ptr<const net::TlsClient>()>;

struct HttpUpstreamOptions {
  std::string name;
  // http:// or https://host[:port]/path; several are used in turn, skipping those that failed lately
  std::vector<std::string> urls;
  TlsSource tls;                   // for https:// urls
  std::size_t connections = 2048;  // per address; a request beyond waits up to connect_timeout, then `busy`
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds response_timeout{120000};
  std::chrono::milliseconds stream_idle_timeout{600000};  // between two bytes of a body; 0: no limit
  // How long an unused connection is kept: `idle` where the server does not say (Node's and uvicorn's own is 5 s), else
  // one second less than it says in `Keep-Alive: timeout=SECONDS`, but never longer than `longest_idle`.
  std::chrono::milliseconds idle{4000};
  std::chrono::milliseconds longest_idle{55000};
  std::size_t head = 64 * 1024;
};

// The urls were validated with the configuration: std::invalid_argument for one that is no http:// or https:// URL, or
// is https:// without `tls`.
std::unique_ptr<Upstream> make_http_upstream(boost::asio::any_io_executor executor, HttpUpstreamOptions options);

}  // namespace postern::upstream
