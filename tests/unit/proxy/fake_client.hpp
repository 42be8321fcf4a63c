#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "edge/client_exchange.hpp"
#include "unit/net/support.hpp"

namespace postern::proxy {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// What a test sends. Headers that say how long the body is are added.
struct Sent {
  std::string method = "POST";
  std::string path = "/mcp";
  Pairs headers{};
  std::string body{};
};

// A client without a socket: what it sends is given, what it gets is kept. It leaves when the test says so.
class FakeClient final : public edge::ClientExchange {
 public:
  FakeClient(boost::asio::io_context& io, Sent sent) : io_(io), sent_(std::move(sent)) {
    head_ = sent_.method + " " + sent_.path + " HTTP/1.1\r\nHost: ai.example.test\r\n";
    for (const auto& [name, value] : sent_.headers) head_ += name + ": " + value + "\r\n";
    if (sent_.method == "POST") head_ += "Content-Length: " + std::to_string(sent_.body.size()) + "\r\n";
    head_ += "\r\n";
    const auto scanned = http::scan_request_head(head_, {16 * 1024, 8192, 100});
    EXPECT_TRUE(scanned) << head_;
    if (scanned) context_.head = *scanned;
    context_.id = "request-1";
    context_.peer = "203.0.113.9";
    context_.started = std::chrono::steady_clock::now();
  }

  edge::RequestContext& request() noexcept override { return context_; }
  boost::asio::any_io_executor executor() override { return io_.get_executor(); }

  net::awaitable<Result<std::string, edge::BodyFault>> read_body(std::size_t limit, limits::BodyShare share) override {
    EXPECT_FALSE(context_.body_read) << "a body is read once";
    EXPECT_FALSE(gone_) << "a body is not read while the client is watched";
    context_.body_read = true;
    context_.body_share = std::move(share);
    if (body_fault) co_return *body_fault;
    if (sent_.body.size() > limit) co_return edge::BodyFault{413, "body_too_large", "too large"};
    if (!context_.body_share.grow_to(sent_.body.size()))
      co_return edge::BodyFault{503, "temporarily_unavailable", "full", 2};
    co_return sent_.body;
  }

  net::awaitable<void> reply(http::Response response) override {
    EXPECT_EQ(status, 0) << "one answer for a request";
    status = response.status;
    headers = std::move(response.headers);
    text = std::move(response.body);
    ended = true;
    co_return;
  }

  net::awaitable<bool> begin(int code, const http::Headers& fields, std::optional<std::uint64_t> size,
                             std::string_view first) override {
    EXPECT_EQ(status, 0) << "one answer for a request";
    status = code;
    headers = fields;
    length = size;
    co_return take(first);
  }

  net::awaitable<bool> send(std::string_view bytes) override {
    EXPECT_NE(status, 0) << "the head comes first";
    co_return take(bytes);
  }

  net::awaitable<bool> finish() override {
    ended = !aborted;
    co_return !aborted;
  }

  void abort() noexcept override { aborted = true; }

  void watch(std::function<void()> gone) override {
    EXPECT_FALSE(gone_) << "one watch at a time";
    gone_ = std::move(gone);
    ++watches;
    if (left_) tell();
  }
  net::awaitable<bool> unwatch() override {
    EXPECT_TRUE(gone_) << "nothing was watched";
    gone_ = nullptr;
    co_return left_;
  }

  // Closes its end.
  void leave() {
    left_ = true;
    tell();
  }
  bool watched() const noexcept { return static_cast<bool>(gone_); }

  // How its body fares, and how many bytes it reads before it stops reading.
  std::optional<edge::BodyFault> body_fault;
  std::size_t reads = std::string::npos;
  // Called after each piece that it gets.
  std::function<void()> on_piece;

  // What it got.
  int status = 0;
  http::Headers headers;
  std::optional<std::uint64_t> length;
  std::string text;
  bool ended = false;    // the whole answer came
  bool aborted = false;  // it knows that it did not
  int watches = 0;

 private:
  bool take(std::string_view bytes) {
    if (aborted || left_ || text.size() + bytes.size() > reads) return false;
    text += bytes;
    if (!bytes.empty() && on_piece) on_piece();
    return true;
  }
  // As from the socket: not from within the coroutine that does something.
  void tell() {
    boost::asio::post(io_, [this] {
      if (gone_) gone_();
    });
  }

  boost::asio::io_context& io_;
  Sent sent_;
  std::string head_;
  edge::RequestContext context_;
  std::function<void()> gone_;
  bool left_ = false;
};

}  // namespace postern::proxy
