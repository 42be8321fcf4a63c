#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.hpp"
#include "http/message.hpp"
#include "net/stream.hpp"
#include "server/input_buffer.hpp"
#include "server/worker.hpp"

namespace postern::server {

using net::awaitable;

// One request under way. The head's views are good until the answer has been sent.
struct RequestContext {
  http::RequestHead head;
  std::string id;
  std::string peer;                          // the client's address, behind trusted proxies too
  std::shared_ptr<const Snapshot> snapshot;  // pinned
  std::chrono::steady_clock::time_point started;
  bool body_read = false;
  BodyShare body_share;  // of the body that was read
};

// Why a body could not be had: the status, error code and sentence to answer; 0: the connection is gone.
struct BodyFault {
  int status = 0;
  std::string error;
  std::string description;
  int retry_after = 0;  // seconds; 0: no Retry-After
};

// What a connection is served on.
struct ListenerInfo {
  config::Serve serve = config::Serve::gateway;
  bool secure = false;  // TLS here, or ended by a trusted proxy in front
};

// One client connection: reads heads, routes, answers, until it ends. Lives on its worker's thread.
class Connection {
 public:
  Connection(std::unique_ptr<net::Stream> stream, ListenerInfo listener, Worker& worker);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // To the end of the connection; never throws.
  awaitable<void> run();
  void close() noexcept;
  // Whether it waits for a request, and since when.
  bool idle() const noexcept { return idle_; }
  net::SteadyTime idle_since() const noexcept { return idle_since_; }
  // The worker is draining: an idle connection is closed, and what is missing of a body has a second to arrive.
  void drain() noexcept;

  // For handlers, each at most once a request.

  // The body, whole, within `limit` bytes and the body deadline; sends 100 Continue where it was asked for.
  // Its memory is counted in `share`, which becomes context.body_share.
  awaitable<Result<std::string, BodyFault>> read_body(RequestContext& context, std::size_t limit, BodyShare share);
  awaitable<void> reply(RequestContext& context, http::Response response);
  // Streamed answers: the head and the first bytes in one write, then bytes, then the end. False: the client is gone.
  awaitable<bool> begin(RequestContext& context, int status, const http::Headers& headers,
                        std::optional<std::uint64_t> length, std::string_view first);
  awaitable<bool> send(std::string_view bytes);
  awaitable<bool> finish();

  net::Stream& stream() noexcept { return *stream_; }
  InputBuffer& input() noexcept { return input_; }
  Worker& worker() noexcept { return worker_; }
  const ListenerInfo& listener() const noexcept { return listener_; }
  // The answer under way is the connection's last.
  void no_keep_alive() noexcept { keep_alive_ = false; }

 private:
  awaitable<std::optional<std::size_t>> read_head(http::HeadFinder& finder);
  awaitable<bool> serve_one();
  // Whose address counts for the request; a proxy whose header cannot be read is warned about.
  void find_client(RequestContext& context);
  awaitable<void> dispatch(RequestContext& context);
  awaitable<void> refuse_head(const http::HeadFault& fault);
  awaitable<void> finish_body(RequestContext& context);
  awaitable<Result<std::string, BodyFault>> read_sized(BodyShare& share, std::uint64_t length);
  awaitable<Result<std::string, BodyFault>> read_chunked(BodyShare& share, std::size_t limit);
  awaitable<bool> fill();
  std::string response_head(int status, const http::Headers& headers, bool keep_alive, bool chunked,
                            std::optional<std::uint64_t> length) const;
  net::SteadyTime after(Duration duration) const;
  // By when the body that is to be read now must be there.
  net::SteadyTime body_deadline() const;
  // Why the body ends there; a late one is no fault of its client when the worker drains.
  BodyFault broken_off(const Error& error) const;

  std::unique_ptr<net::Stream> stream_;
  ListenerInfo listener_;
  Worker& worker_;
  config::Limits limits_;
  InputBuffer input_;
  bool idle_ = true;
  net::SteadyTime idle_since_ = std::chrono::steady_clock::now();
  bool awaits_body_ = false;
  bool keep_alive_ = true;
  bool chunked_ = false;  // the streamed answer under way
};

}  // namespace postern::server
