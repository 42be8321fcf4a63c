#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/result.hpp"
#include "config/config.hpp"
#include "http/message.hpp"
#include "http/wire/head.hpp"
#include "limits/body_budget.hpp"
#include "net/stream.hpp"

namespace postern::edge {

using net::awaitable;

// What a connection is served on.
struct ListenerInfo {
  config::Serve serve = config::Serve::gateway;
  bool secure = false;  // TLS here, or terminated by a trusted proxy in front
};

// One request under way. The views of the head are valid until the answer has been sent.
struct RequestContext {
  http::RequestHead head;
  std::string id;
  std::string peer;  // the client's address, behind trusted proxies too
  ListenerInfo listener;
  std::chrono::steady_clock::time_point started;
  bool body_read = false;
  limits::BodyShare body_share;  // of the body that was read
};

// Why a body could not be read: the status, error code and sentence to answer with. Status 0: the client is gone.
struct BodyFault {
  int status = 0;
  std::string error;
  std::string description;
  int retry_after = 0;  // seconds; 0: no Retry-After
};

// A request and its answer, as its handler knows them: the seam between a version of HTTP and what is served. A handler
// calls either reply(), or begin(), then send() any number of times, then finish(). Outlives the handler's coroutine.
// Used on the thread of its connection only, one call at a time unless stated otherwise.
class ClientExchange {
 public:
  virtual ~ClientExchange() = default;

  virtual RequestContext& request() noexcept = 0;
  // Of the io_context that it lives on.
  virtual boost::asio::any_io_executor executor() = 0;

  // The whole body, of up to `limit` bytes, within the body deadline; sends 100 Continue where it was asked for (RFC
  // 9110 section 10.1.1). Its memory is counted in `share`, which becomes request().body_share. At most once, and not
  // while watching.
  virtual awaitable<Result<std::string, BodyFault>> read_body(std::size_t limit, limits::BodyShare share) = 0;

  // A complete answer; a HEAD request gets it without the body. A client that is gone is not reported.
  virtual awaitable<void> reply(http::Response response) = 0;

  // The head of a streamed answer and its first bytes, in one write; nothing after them has to wait for more.
  // `length`: of the whole body in bytes, where that is known. False: the client is gone, or did not read in time.
  virtual awaitable<bool> begin(int status, const http::Headers& headers, std::optional<std::uint64_t> length,
                                std::string_view first) = 0;
  // More bytes of it; an empty piece sends nothing. False as for begin(). Returns once they are handed to the system.
  virtual awaitable<bool> send(std::string_view bytes) = 0;
  // Its end. False as for begin().
  virtual awaitable<bool> finish() = 0;

  // Breaks the answer off, so that the client cannot take what it has for a complete one. Nothing may be sent after
  // that.
  virtual void abort() noexcept = 0;

  // Calls `gone` once if the client goes away before unwatch(), on that thread and not from within the
  // handler's coroutine. What the client sends meanwhile is kept for later. One watch at a time; send() may be called
  // meanwhile.
  virtual void watch(std::function<void()> gone) = 0;
  // Ends the watch; `gone` is not called after that. True: the client is gone. Must follow every watch().
  virtual awaitable<bool> unwatch() = 0;
};

// Finds what a request asks for, and answers it. It must outlive the connections that call it.
using Handler = std::function<awaitable<void>(ClientExchange& client)>;

}  // namespace postern::edge
