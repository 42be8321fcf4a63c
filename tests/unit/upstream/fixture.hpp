#pragma once

#include "upstream/upstream.hpp"

#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>

#include "unit/net/support.hpp"

namespace postern::upstream {

using namespace net_testing;
using namespace std::string_literals;

// One connection of the server behind: what it received, and bytes to send as the test likes.
class ServerConnection {
 public:
  explicit ServerConnection(tcp::socket socket) : socket_(std::move(socket)) {}

  // The next request, head and body.
  awaitable<std::string> request() {
    auto buffer = asio::dynamic_buffer(received_);
    const std::size_t head = co_await asio::async_read_until(socket_, buffer, "\r\n\r\n", asio::use_awaitable);
    std::size_t size = head;
    const std::string name = "Content-Length: ";
    if (const auto at = received_.find(name); at < head) size += std::stoul(received_.substr(at + name.size()));
    if (size > received_.size()) {
      const auto rest = asio::transfer_exactly(size - received_.size());
      co_await asio::async_read(socket_, buffer, rest, asio::use_awaitable);
    }
    std::string whole = received_.substr(0, size);
    received_.erase(0, size);
    co_return whole;
  }
  // As far as the other side takes it.
  awaitable<void> send(std::string text) {
    const auto buffer = asio::buffer(text);
    co_await asio::async_write(socket_, buffer, asio::as_tuple(asio::use_awaitable));
  }
  // True when the other side ends the connection and sends nothing before.
  awaitable<bool> sees_end() {
    const auto rest = co_await receive_all(socket_);
    co_return rest.empty();
  }
  tcp::socket& socket() { return socket_; }

 private:
  tcp::socket socket_;
  std::string received_;
};

class Server {
 public:
  explicit Server(asio::io_context& io) : acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

  std::string authority() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  std::string url() const { return "http://" + authority() + "/mcp"; }
  awaitable<std::unique_ptr<ServerConnection>> accept() {
    auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
    ++accepted_;
    co_return std::make_unique<ServerConnection>(std::move(socket));
  }
  void close() { acceptor_.close(); }
  tcp::acceptor& acceptor() { return acceptor_; }
  int accepted() const { return accepted_; }

 private:
  tcp::acceptor acceptor_;
  int accepted_ = 0;
};

class HttpUpstreamTest : public testing::Test {
 protected:
  using Script = std::function<awaitable<void>(ServerConnection&)>;

  HttpUpstreamOptions options() const {
    HttpUpstreamOptions all;
    all.name = "behind";
    all.urls = {server.url()};
    return all;
  }
  std::unique_ptr<Upstream> make(HttpUpstreamOptions all) {
    return make_http_upstream(io.get_executor(), std::move(all));
  }

  // The server takes one connection and goes by the script; the connection stays open until the test is over.
  void serve(Script script) { beside(io, serve_one(server, std::move(script))); }
  awaitable<void> serve_one(Server& at, Script script) {
    auto connection = co_await at.accept();
    ServerConnection& taken = *connections.emplace_back(std::move(connection));
    co_await script(taken);
    ++scripts_done;
  }

  static Request get() {
    Request request;
    request.method = "GET";
    return request;
  }
  static Request post(std::string body) {
    Request request;
    request.method = "POST";
    request.headers.set("Content-Type", "application/json");
    request.body = std::move(body);
    return request;
  }

  awaitable<Result<std::string>> body_of(Exchange& exchange) {
    std::string all;
    for (;;) {
      const auto part = co_await exchange.read_body();
      if (!part) co_return part.error();
      if (part->empty()) co_return all;
      all += *part;
    }
  }

  // One request with its whole answer: "STATUS body".
  awaitable<Result<std::string>> fetch(Upstream& upstream, Request request) {
    CancelSlot slot;
    auto answered = co_await upstream.exchange(std::move(request), slot);
    if (!answered) co_return answered.error();
    const auto exchange = std::move(*answered);
    auto body = co_await body_of(*exchange);
    if (!body) co_return body.error();
    EXPECT_TRUE(exchange->finished());
    co_return std::to_string(exchange->head().status) + " " + *body;
  }

  // Sends the answer to the first request and hangs on, or ends the connection.
  Script answering(std::string answer, bool close = false) {
    return [answer, close](ServerConnection& connection) -> awaitable<void> {
      co_await connection.request();
      co_await connection.send(answer);
      if (close) connection.socket().close();
    };
  }

  Errc error_for(const std::string& answer, bool close = false) {
    Errc code{};
    serve(answering(answer, close));
    const auto upstream = make(options());
    const auto test = [&]() -> awaitable<void> {
      const auto fetched = co_await fetch(*upstream, get());
      code = error_of(fetched);
      // Whatever is wrong with an answer, its connection is not used again.
      const bool ended = co_await connections.back()->sees_end();
      EXPECT_TRUE(ended || close);
    };
    run(io, test());
    return code;
  }

  std::string answer_to(const std::string& answer, bool close = false, Request request = get()) {
    std::string text;
    serve(answering(answer, close));
    const auto upstream = make(options());
    const auto test = [&]() -> awaitable<void> {
      auto fetched = co_await fetch(*upstream, std::move(request));
      text = must(std::move(fetched));
    };
    run(io, test());
    return text;
  }

  asio::io_context io{1};
  Server server{io};
  std::vector<std::unique_ptr<ServerConnection>> connections;
  int scripts_done = 0;
};

inline const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace postern::upstream
