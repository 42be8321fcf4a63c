#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/background.hpp"
#include "edge/client_exchange.hpp"
#include "edge/connections.hpp"
#include "edge/http1/input_buffer.hpp"
#include "net/stream.hpp"

namespace postern::edge {

// One connection of a client that speaks HTTP/1.1 (RFC 9112), or 1.0: reads heads and has each request handled, until
// it ends. It is the exchange of the request under way. Lives on the thread of its `connections`.
class Connection final : public ClientExchange, public OpenConnection {
 public:
  Connection(std::unique_ptr<net::Stream> stream, ListenerInfo listener, Connections& connections,
             const Handler& handler);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // To the end of the connection; never throws.
  awaitable<void> run();
  void close() noexcept override;
  bool idle() const noexcept override { return idle_; }
  net::SteadyTime idle_since() const noexcept override { return idle_since_; }
  void drain() noexcept override;

  // Of the request under way, as ClientExchange has them.
  RequestContext& request() noexcept override { return context_; }
  boost::asio::any_io_executor executor() override { return stream_->executor(); }
  awaitable<Result<std::string, BodyFault>> read_body(std::size_t limit, limits::BodyShare share) override;
  awaitable<void> reply(http::Response response) override;
  awaitable<bool> begin(int status, const http::Headers& headers, std::optional<std::uint64_t> length,
                        std::string_view first) override;
  awaitable<bool> send(std::string_view bytes) override;
  awaitable<bool> finish() override;
  void abort() noexcept override;
  void watch(std::function<void()> gone) override;
  awaitable<bool> unwatch() override;

 private:
  awaitable<std::optional<std::size_t>> read_head(http::HeadFinder& finder);
  awaitable<bool> serve_one();
  // Whose address counts for the request; a proxy whose header cannot be read is warned about.
  void find_client();
  awaitable<void> dispatch();
  awaitable<void> refuse_head(const http::HeadFault& fault);
  awaitable<void> finish_body();
  awaitable<Result<std::string, BodyFault>> read_sized(limits::BodyShare& share, std::uint64_t length);
  awaitable<Result<std::string, BodyFault>> read_chunked(limits::BodyShare& share, std::size_t limit);
  awaitable<bool> fill();
  awaitable<void> wait_for_the_end();
  std::string response_head(int status, const http::Headers& headers, bool keep_alive, bool chunked,
                            std::optional<std::uint64_t> length) const;
  net::SteadyTime after(Duration duration) const;
  // By when the body that is to be read now must be there.
  net::SteadyTime body_deadline() const;
  // Why the body ends there. While the process drains, a late body is not the fault of its client.
  BodyFault broken_off(const Error& error) const;

  std::unique_ptr<net::Stream> stream_;
  ListenerInfo listener_;
  Connections& connections_;
  const Handler& handler_;
  config::Limits limits_;
  InputBuffer input_;
  RequestContext context_;
  bool idle_ = true;
  net::SteadyTime idle_since_ = std::chrono::steady_clock::now();
  bool awaits_body_ = false;
  bool keep_alive_ = true;
  bool chunked_ = false;  // the streamed answer under way
  // Of the watch under way.
  std::function<void()> gone_;
  bool watching_ = false;
  bool client_gone_ = false;
  Background watcher_;
};

}  // namespace postern::edge
