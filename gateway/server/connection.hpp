#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/stream.hpp"
#include "server/background.hpp"
#include "server/client_exchange.hpp"
#include "server/input_buffer.hpp"
#include "server/worker.hpp"

namespace postern::server {

// One connection of a client that speaks HTTP/1.1 (RFC 9112), or 1.0: reads heads and has each request handled, until
// it ends. It is the exchange of the request under way. Lives on its worker's thread.
class Connection final : public ClientExchange {
 public:
  Connection(std::unique_ptr<net::Stream> stream, ListenerInfo listener, Worker& worker);
  ~Connection() override;
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

  // Of the request under way, as ClientExchange has them.
  RequestContext& request() noexcept override { return context_; }
  boost::asio::any_io_executor executor() override { return stream_->executor(); }
  awaitable<Result<std::string, BodyFault>> read_body(std::size_t limit, BodyShare share) override;
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
  awaitable<Result<std::string, BodyFault>> read_sized(BodyShare& share, std::uint64_t length);
  awaitable<Result<std::string, BodyFault>> read_chunked(BodyShare& share, std::size_t limit);
  awaitable<bool> fill();
  awaitable<void> wait_for_the_end();
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

}  // namespace postern::server
