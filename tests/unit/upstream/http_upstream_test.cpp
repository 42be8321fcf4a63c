#include "upstream/upstream.hpp"

#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>

#include "unit/net/support.hpp"

namespace postern::upstream {
namespace {

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

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST_F(HttpUpstreamTest, SendsTheRequestByteForByteWithItsOwnHostAndFraming) {
  std::string received;
  serve([&](ServerConnection& connection) -> awaitable<void> {
    received = co_await connection.request();
    co_await connection.send(kOk);
  });
  const auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    Request request = post("{\"a\":1}");
    request.headers.add("X-Tenant", "acme");
    for (const char* ours : {"Host", "Connection", "Transfer-Encoding", "Content-Length", "Upgrade", "Expect"}) {
      request.headers.add(ours, "evil");
    }
    auto fetched = co_await fetch(*upstream, std::move(request));
    EXPECT_EQ(must(std::move(fetched)), "200 ok");
  };
  run(io, test());
  EXPECT_EQ(received, "POST /mcp HTTP/1.1\r\nHost: " + server.authority() +
                          "\r\nContent-Type: application/json\r\nX-Tenant: acme\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
}

TEST_F(HttpUpstreamTest, ATargetReplacesTheUrlsAndCannotSplitTheRequest) {
  std::string received;
  serve([&](ServerConnection& connection) -> awaitable<void> {
    received = co_await connection.request();
    co_await connection.send(kOk);
  });
  const auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    for (const std::string bad : {"mcp", "/a b", "/a\r\nX: y", "/\x80"}) {
      Request request = get();
      request.target = bad;
      const auto fetched = co_await fetch(*upstream, std::move(request));
      EXPECT_EQ(error_of(fetched), Errc::invalid) << bad;
    }
    Request no_method;
    no_method.method = "G T";
    const auto refused = co_await fetch(*upstream, std::move(no_method));
    EXPECT_EQ(error_of(refused), Errc::invalid);
    Request request = get();
    request.target = "/messages?id=1";
    auto fetched = co_await fetch(*upstream, std::move(request));
    must(std::move(fetched));
  };
  run(io, test());
  EXPECT_EQ(received, "GET /messages?id=1 HTTP/1.1\r\nHost: " + server.authority() + "\r\n\r\n");
}

// RFC 9112 section 6.3
TEST_F(HttpUpstreamTest, ReadsBodiesByLengthChunksAndClose) {
  EXPECT_EQ(answer_to(kOk), "200 ok");
  EXPECT_EQ(
      answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n"),
      "200 abcde");
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\n\r\nuntil the end", true), "200 until the end");
  EXPECT_EQ(answer_to("HTTP/1.1 204 No Content\r\n\r\n"), "204 ");
  EXPECT_EQ(answer_to("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"), "202 ");
  Request head;
  head.method = "HEAD";
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", false, head), "200 ");
}

TEST_F(HttpUpstreamTest, ReadsAnswersThatDripByteByByte) {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nevent1\r\n6\r\nevent2\r\n0\r\n\r\n";
  const std::string sized = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nevent1event2";
  for (const std::string& answer : {chunked, sized}) {
    serve([answer](ServerConnection& connection) -> awaitable<void> {
      co_await connection.request();
      for (const char byte : answer) {
        co_await connection.send(std::string(1, byte));
        co_await asio::post(asio::use_awaitable);
      }
    });
    const auto upstream = make(options());
    const auto test = [&]() -> awaitable<void> {
      auto fetched = co_await fetch(*upstream, get());
      EXPECT_EQ(must(std::move(fetched)), "200 event1event2");
    };
    run(io, test());
  }
}

TEST_F(HttpUpstreamTest, LargeBodiesArriveWhole) {
  std::string large(5 * 1024 * 1024, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 + i / 251);
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(large.size()) + "\r\n\r\n" + large;
  EXPECT_EQ(answer_to(answer), "200 " + large);
  std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < large.size(); at += 0x10000)
    chunked += "10000\r\n" + large.substr(at, 0x10000) + "\r\n";
  EXPECT_EQ(answer_to(chunked + "0\r\n\r\n"), "200 " + large);
}

TEST_F(HttpUpstreamTest, SendsLargeBodiesWhole) {
  const std::string large(4 * 1024 * 1024, 'x');
  std::string received;
  serve([&](ServerConnection& connection) -> awaitable<void> {
    received = co_await connection.request();
    co_await connection.send(kOk);
  });
  const auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    auto fetched = co_await fetch(*upstream, post(large));
    EXPECT_EQ(must(std::move(fetched)), "200 ok");
  };
  run(io, test());
  EXPECT_TRUE(received.ends_with("\r\n\r\n" + large));
}

TEST_F(HttpUpstreamTest, BodyThatCameWithTheHeadIsAtHandWithoutWaiting) {
  serve(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"));
  const auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    CancelSlot slot;
    auto answered = co_await upstream->exchange(get(), slot);
    const auto exchange = must(std::move(answered));
    EXPECT_EQ(exchange->body_at_hand().value(), "first");
    EXPECT_EQ(exchange->body_at_hand().value(), "");
    EXPECT_FALSE(exchange->finished());
    co_await connections.back()->send("6\r\nsecond\r\n0\r\n\r\n");
    const auto part = co_await exchange->read_body();
    EXPECT_EQ(part.value(), "second");
    EXPECT_TRUE(exchange->finished());
    EXPECT_EQ(exchange->head().fields.only("transfer-encoding"), "chunked");
  };
  run(io, test());
}

TEST_F(HttpUpstreamTest, AnEarlyAnswerCountsThoughTheRequestWasNotTaken) {
  serve([&](ServerConnection& connection) -> awaitable<void> {
    std::string some(1000, '\0');
    const auto buffer = asio::buffer(some);
    co_await connection.socket().async_receive(buffer, asio::use_awaitable);
    co_await connection.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
  });
  const auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    auto fetched = co_await fetch(*upstream, post(std::string(32 * 1024 * 1024, 'x')));
    EXPECT_EQ(must(std::move(fetched)), "413 ");
    co_await receive_all(connections.back()->socket());
  };
  run(io, test());
}

TEST_F(HttpUpstreamTest, AConnectionIsUsedAgainAfterAWholeAnswer) {
  serve([&](ServerConnection& connection) -> awaitable<void> {
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    for (const std::string& answer : {kOk, chunked, kOk, kOk, kOk}) {
      co_await connection.request();
      co_await connection.send(answer);
    }
  });
  const auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    for (int i = 0; i < 5; ++i) {
      auto fetched = co_await fetch(*upstream, get());
      EXPECT_EQ(must(std::move(fetched)), "200 ok");
    }
  };
  run(io, test());
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(HttpUpstreamTest, AConnectionThatEndsWithItsAnswerIsNotUsedAgain) {
  for (const std::string answer : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                                   "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"}) {
    const int before = server.accepted();
    serve(answering(answer));
    serve(answering(kOk));
    const auto upstream = make(options());
    const auto test = [&]() -> awaitable<void> {
      for (int i = 0; i < 2; ++i) {
        auto fetched = co_await fetch(*upstream, get());
        EXPECT_EQ(must(std::move(fetched)), "200 ok");
      }
    };
    run(io, test());
    EXPECT_EQ(server.accepted() - before, 2);
  }
}

TEST_F(HttpUpstreamTest, TwoExchangesNeverShareAConnection) {
  for (int i = 0; i < 2; ++i) {
    serve([](ServerConnection& connection) -> awaitable<void> {
      const std::string request = co_await connection.request();
      const std::string body = request.substr(request.find("\r\n\r\n") + 4);
      co_await connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    });
  }
  const auto upstream = make(options());
  int right = 0;
  const auto one = [&](std::string body) -> awaitable<void> {
    auto fetched = co_await fetch(*upstream, post(body));
    if (must(std::move(fetched)) == "200 " + body) ++right;
  };
  const auto test = [&]() -> awaitable<void> {
    beside(io, one("first"));
    beside(io, one("second"));
    while (right < 2) co_await pause(1ms);
  };
  run(io, test());
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(HttpUpstreamTest, AnIdleConnectionThatEndedIsNotedBeforeUse) {
  serve(answering(kOk, true));
  serve(answering(kOk));
  const auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    auto first = co_await fetch(*upstream, post("a"));
    must(std::move(first));
    while (scripts_done < 1) co_await pause(1ms);
    auto second = co_await fetch(*upstream, post("b"));
    EXPECT_EQ(must(std::move(second)), "200 ok");
  };
  run(io, test());
  EXPECT_EQ(server.accepted(), 2);
}

// RFC 9110 section 9.2.2
TEST_F(HttpUpstreamTest, AnIdempotentRequestOnAConnectionThatDiesBeforeTheAnswerIsSentAgainOnce) {
  for (const std::string method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}) {
    int received = 0;
    const auto taking = [&](int answered, bool dies) -> Script {
      return [&received, answered, dies](ServerConnection& connection) -> awaitable<void> {
        for (int i = 0; i < answered; ++i) {
          co_await connection.request();
          ++received;
          co_await connection.send("HTTP/1.1 204 No Content\r\n\r\n");
        }
        if (!dies) co_return;
        co_await connection.request();
        ++received;
        connection.socket().close();
      };
    };
    serve(taking(1, true));
    serve(taking(1, false));
    const int before = server.accepted();
    const auto upstream = make(options());
    const auto test = [&]() -> awaitable<void> {
      for (int i = 0; i < 2; ++i) {
        Request request;
        request.method = method;
        auto fetched = co_await fetch(*upstream, std::move(request));
        EXPECT_EQ(must(std::move(fetched)), "204 ");
      }
    };
    run(io, test());
    EXPECT_EQ(server.accepted() - before, 2) << method;
    EXPECT_EQ(received, 3) << method;
  }
}

// RFC 9110 section 9.2.2: the server may have called the tool before it closed.
TEST_F(HttpUpstreamTest, APostIsNeverSentTwice) {
  for (const std::string method : {"POST", "PATCH", "SEARCH"}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{1024 * 1024}}) {
      for (const bool by_reset : {false, true}) {
        serve([by_reset](ServerConnection& connection) -> awaitable<void> {
          co_await connection.request();
          co_await connection.send(kOk);
          co_await connection.request();
          if (by_reset) {
            reset(connection.socket());
          } else {
            connection.socket().close();
          }
        });
        const int before = server.accepted();
        const auto upstream = make(options());
        const auto test = [&]() -> awaitable<void> {
          auto first = co_await fetch(*upstream, get());
          must(std::move(first));
          Request request;
          request.method = method;
          request.body = std::string(size, 'x');
          const auto second = co_await fetch(*upstream, std::move(request));
          EXPECT_EQ(error_of(second), Errc::unavailable);
          // The next call finds its way.
          serve(answering(kOk));
          auto third = co_await fetch(*upstream, post("y"));
          EXPECT_EQ(must(std::move(third)), "200 ok");
        };
        run(io, test());
        EXPECT_EQ(server.accepted() - before, 2) << method << " " << size;
      }
    }
  }
}

// Nor elsewhere: that the server at one address was gone is no word about what it did before.
TEST_F(HttpUpstreamTest, APostIsNotSentToAnotherAddressAfterOneHasTakenIt) {
  Server other(io);
  HttpUpstreamOptions both = options();
  both.urls.push_back(other.url());
  serve([](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    connection.socket().close();
  });
  const auto upstream = make(both);
  const auto test = [&]() -> awaitable<void> {
    const auto fetched = co_await fetch(*upstream, post("x"));
    EXPECT_EQ(error_of(fetched), Errc::unavailable);
  };
  run(io, test());
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(other.accepted(), 0);
}

TEST_F(HttpUpstreamTest, ANewConnectionThatDiesBeforeTheAnswerIsNotTriedAgain) {
  serve([](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    connection.socket().close();
  });
  serve(answering(kOk));
  const auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    const auto fetched = co_await fetch(*upstream, post("x"));
    EXPECT_EQ(error_of(fetched), Errc::unavailable);
  };
  run(io, test());
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(HttpUpstreamTest, AConnectionThatDiesWithinTheAnswerIsNotTriedAgain) {
  serve([](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    co_await connection.send(kOk);
    co_await connection.request();
    co_await connection.send("HTTP/1.1 2");
    connection.socket().close();
  });
  serve(answering(kOk));
  const auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    auto first = co_await fetch(*upstream, post("x"));
    must(std::move(first));
    const auto second = co_await fetch(*upstream, post("x"));
    EXPECT_EQ(error_of(second), Errc::protocol);
  };
  run(io, test());
  EXPECT_EQ(server.accepted(), 1);
}

// An answer that nobody asked for must never reach the next client.
TEST_F(HttpUpstreamTest, AnUnsolicitedSecondAnswerIsDropped) {
  const std::string evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
  const Script together = answering(kOk + evil);
  const Script later = [&](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    co_await connection.send(kOk);
    co_await pause(5ms);
    co_await connection.send(evil);
  };
  const Script chunked = answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + evil);
  const Script without_body = answering("HTTP/1.1 204 No Content\r\n\r\n" + evil);
  for (const Script& script : {together, later, chunked, without_body}) {
    const int before = server.accepted();
    const int done_before = scripts_done;
    serve(script);
    serve(answering(kOk));
    const auto upstream = make(options());
    const auto test = [&]() -> awaitable<void> {
      auto first = co_await fetch(*upstream, get());
      must(std::move(first));
      while (scripts_done == done_before) co_await pause(1ms);
      auto second = co_await fetch(*upstream, get());
      EXPECT_EQ(must(std::move(second)), "200 ok");
    };
    run(io, test());
    EXPECT_EQ(server.accepted() - before, 2);
  }
}

TEST_F(HttpUpstreamTest, AHostileHeadIsAProtocolError) {
  const std::string many_103 = [] {
    std::string all;
    for (int i = 0; i < 1000; ++i) all += "HTTP/1.1 103 Early Hints\r\n\r\n";
    return all + kOk;
  }();
  const std::string answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(2 * 1024 * 1024, 'x') + "\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
      "HTTP/1.1 99 Low\r\n\r\n",
      "HTTP/1.1 999 High\r\n\r\n",
      "HTTP/9.9 200 OK\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n",
      "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"s,
      many_103,
  };
  for (const std::string& answer : answers) EXPECT_EQ(error_for(answer), Errc::protocol) << answer.substr(0, 60);
}

TEST_F(HttpUpstreamTest, ABrokenBodyIsAProtocolError) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string body : {"zz\r\n", "2\r\nokx", "-2\r\nok\r\n", "11111111111111111\r\n", "2\nok\r\n0\r\n\r\n"}) {
    EXPECT_EQ(error_for(chunked + body), Errc::protocol) << body;
  }
  EXPECT_EQ(error_for(chunked + "5\r\nab", true), Errc::protocol);
  EXPECT_EQ(error_for(chunked + "2\r\nok\r\n", true), Errc::protocol);
  EXPECT_EQ(error_for("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", true), Errc::protocol);
  EXPECT_EQ(error_for("HTTP/1.1 200 OK\r\nConte", true), Errc::protocol);
}

TEST_F(HttpUpstreamTest, WhatCameBeforeABrokenChunkIsStillDelivered) {
  serve(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\nzz\r\n"));
  const auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    CancelSlot slot;
    auto answered = co_await upstream->exchange(get(), slot);
    const auto exchange = must(std::move(answered));
    const auto part = co_await exchange->read_body();
    EXPECT_EQ(part.value(), "good");
    const auto broken = co_await exchange->read_body();
    EXPECT_EQ(error_of(broken), Errc::protocol);
    EXPECT_FALSE(exchange->finished());
  };
  run(io, test());
}

TEST_F(HttpUpstreamTest, UpToEightInformationalAnswersAreSkipped) {
  std::string answer;
  for (int i = 0; i < 8; ++i) answer += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(answer_to(answer + kOk), "200 ok");
  EXPECT_EQ(error_for("HTTP/1.1 100 Continue\r\n\r\n" + answer + kOk), Errc::protocol);
}

TEST_F(HttpUpstreamTest, NoHeadInTimeIsTimedOut) {
  serve([](ServerConnection& connection) -> awaitable<void> { co_await connection.request(); });
  HttpUpstreamOptions quick = options();
  quick.response_timeout = 20ms;
  const auto upstream = make(std::move(quick));
  const auto test = [&]() -> awaitable<void> {
    const auto fetched = co_await fetch(*upstream, get());
    EXPECT_EQ(error_of(fetched), Errc::timed_out);
    const bool ended = co_await connections.back()->sees_end();
    EXPECT_TRUE(ended);
  };
  run(io, test());
}

TEST_F(HttpUpstreamTest, ABodyThatFallsSilentIsTimedOut) {
  serve(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"));
  HttpUpstreamOptions quick = options();
  quick.stream_idle_timeout = 20ms;
  const auto upstream = make(std::move(quick));
  const auto test = [&]() -> awaitable<void> {
    const auto fetched = co_await fetch(*upstream, get());
    EXPECT_EQ(error_of(fetched), Errc::timed_out);
  };
  run(io, test());
}

TEST_F(HttpUpstreamTest, WithoutAnIdleTimeoutABodyMayBeSilentLongerThanTheHead) {
  serve([](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    co_await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    co_await pause(80ms);
    co_await connection.send("ok");
  });
  HttpUpstreamOptions endless = options();
  endless.response_timeout = 50ms;
  endless.stream_idle_timeout = 0ms;
  const auto upstream = make(std::move(endless));
  const auto test = [&]() -> awaitable<void> {
    auto fetched = co_await fetch(*upstream, get());
    EXPECT_EQ(must(std::move(fetched)), "200 ok");
  };
  run(io, test());
}

TEST_F(HttpUpstreamTest, CancellingTheSlotWhileWaitingForTheHeadClosesTheConnection) {
  CancelSlot slot;
  bool server_saw_end = false;
  serve([&](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    slot.cancel();
    server_saw_end = co_await connection.sees_end();
  });
  const auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    const auto answered = co_await upstream->exchange(post("x"), slot);
    EXPECT_EQ(error_of(answered), Errc::cancelled);
    while (scripts_done < 1) co_await pause(1ms);
    const auto later = co_await upstream->exchange(post("x"), slot);
    EXPECT_EQ(error_of(later), Errc::cancelled);
  };
  run(io, test());
  EXPECT_TRUE(server_saw_end);
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(HttpUpstreamTest, CancellingTheSlotEndsConnecting) {
  server.acceptor().listen(0);
  std::vector<tcp::socket> fillers;
  fillers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    fillers.emplace_back(io).async_connect(server.acceptor().local_endpoint(), [](const boost::system::error_code&) {});
  }
  io.run_for(50ms);
  CancelSlot slot;
  HttpUpstreamOptions patient = options();
  patient.connect_timeout = 3600s;
  const auto upstream = make(std::move(patient));
  const auto cancelling = [&]() -> awaitable<void> {
    co_await pause(5ms);
    slot.cancel();
  };
  const auto test = [&]() -> awaitable<void> {
    beside(io, cancelling());
    const auto answered = co_await upstream->exchange(get(), slot);
    EXPECT_EQ(error_of(answered), Errc::cancelled);
  };
  run(io, test());
}

TEST_F(HttpUpstreamTest, DestroyingAnUnfinishedExchangeEndsTheConnectionAndTheReadUnderWay) {
  for (const bool by_cancel : {true, false}) {
    bool server_saw_end = false;
    const int done_before = scripts_done;
    serve([&](ServerConnection& connection) -> awaitable<void> {
      co_await connection.request();
      co_await connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
      server_saw_end = co_await connection.sees_end();
    });
    const auto upstream = make(options());
    const auto test = [&]() -> awaitable<void> {
      CancelSlot slot;
      auto answered = co_await upstream->exchange(get(), slot);
      auto exchange = must(std::move(answered));
      const auto first = co_await exchange->read_body();
      EXPECT_EQ(first.value(), "a");
      asio::post(io, [&] {
        if (by_cancel) {
          exchange->cancel();
        } else {
          exchange.reset();
        }
      });
      auto reading = exchange->read_body();
      const auto second = co_await std::move(reading);
      EXPECT_EQ(error_of(second), Errc::cancelled);
      while (scripts_done == done_before) co_await pause(1ms);
    };
    run(io, test());
    EXPECT_TRUE(server_saw_end);
  }
}

TEST_F(HttpUpstreamTest, AnUpstreamMayGoBeforeItsExchanges) {
  serve([](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    co_await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    co_await pause(5ms);
    co_await connection.send("ok");
  });
  auto upstream = make(options());
  const auto test = [&]() -> awaitable<void> {
    CancelSlot slot;
    auto answered = co_await upstream->exchange(get(), slot);
    const auto exchange = must(std::move(answered));
    upstream.reset();
    auto body = co_await body_of(*exchange);
    EXPECT_EQ(must(std::move(body)), "ok");
    // Nobody is there to use it again.
    const bool ended = co_await connections.back()->sees_end();
    EXPECT_TRUE(ended);
  };
  run(io, test());
}

TEST_F(HttpUpstreamTest, ARequestBeyondTheConnectionsWaitsItsTurnAndIsThenBusy) {
  serve([](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    co_await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
    co_await pause(100ms);
    co_await connection.send("k");
    co_await connection.request();
    co_await connection.send(kOk);
  });
  HttpUpstreamOptions narrow = options();
  narrow.connections = 1;
  narrow.connect_timeout = 20ms;
  const auto upstream = make(narrow);
  const auto test = [&]() -> awaitable<void> {
    CancelSlot slot;
    auto answered = co_await upstream->exchange(get(), slot);
    const auto exchange = must(std::move(answered));
    const auto refused = co_await fetch(*upstream, get());
    EXPECT_EQ(error_of(refused), Errc::busy);
    bool done = false;
    const auto finishing = [&]() -> awaitable<void> {
      auto body = co_await body_of(*exchange);
      EXPECT_EQ(must(std::move(body)), "ok");
      done = true;
    };
    beside(io, finishing());
    while (!done) co_await pause(1ms);
    auto second = co_await fetch(*upstream, get());
    EXPECT_EQ(must(std::move(second)), "200 ok");
  };
  run(io, test());
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(HttpUpstreamTest, AWaitingRequestTakesTheConnectionThatComesFree) {
  serve([](ServerConnection& connection) -> awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      co_await connection.request();
      co_await pause(5ms);
      co_await connection.send(kOk);
    }
  });
  HttpUpstreamOptions narrow = options();
  narrow.connections = 1;
  const auto upstream = make(narrow);
  int right = 0;
  const auto one = [&]() -> awaitable<void> {
    auto fetched = co_await fetch(*upstream, get());
    if (must(std::move(fetched)) == "200 ok") ++right;
  };
  const auto test = [&]() -> awaitable<void> {
    for (int i = 0; i < 3; ++i) beside(io, one());
    while (right < 3) co_await pause(1ms);
  };
  run(io, test());
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(HttpUpstreamTest, SeveralAddressesAreUsedInTurn) {
  Server other(io);
  std::string seen;
  const auto named = [&](char name) -> Script {
    return [&seen, name](ServerConnection& connection) -> awaitable<void> {
      for (int i = 0; i < 2; ++i) {
        co_await connection.request();
        seen += name;
        co_await connection.send(kOk);
      }
    };
  };
  serve(named('a'));
  beside(io, serve_one(other, named('b')));
  HttpUpstreamOptions both = options();
  both.urls.push_back(other.url());
  const auto upstream = make(both);
  const auto test = [&]() -> awaitable<void> {
    for (int i = 0; i < 4; ++i) {
      auto fetched = co_await fetch(*upstream, get());
      must(std::move(fetched));
    }
  };
  run(io, test());
  EXPECT_EQ(seen, "abab");
}

TEST_F(HttpUpstreamTest, AnAddressThatCannotBeConnectedToIsSkipped) {
  Server gone(io);
  HttpUpstreamOptions both = options();
  both.urls = {gone.url(), server.url()};
  gone.close();
  serve([](ServerConnection& connection) -> awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      co_await connection.request();
      co_await connection.send(kOk);
    }
  });
  const auto upstream = make(both);
  const auto test = [&]() -> awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      CancelSlot slot;
      auto answered = co_await upstream->exchange(get(), slot);
      const auto exchange = must(std::move(answered));
      EXPECT_EQ(exchange->address(), server.authority());
      auto body = co_await body_of(*exchange);
      must(std::move(body));
    }
  };
  run(io, test());
}

TEST_F(HttpUpstreamTest, WhenEveryAddressFailedTheyAreTriedAnyway) {
  HttpUpstreamOptions one = options();
  server.close();
  const auto upstream = make(one);
  const auto test = [&]() -> awaitable<void> {
    const auto first = co_await fetch(*upstream, get());
    EXPECT_EQ(error_of(first), Errc::unavailable);
    const tcp::endpoint same(asio::ip::address_v4::loopback(),
                             static_cast<unsigned short>(std::stoul(one.urls[0].substr(17))));
    server.acceptor() = tcp::acceptor(io, same);
    serve(answering(kOk));
    auto second = co_await fetch(*upstream, get());
    EXPECT_EQ(must(std::move(second)), "200 ok");
  };
  run(io, test());
}

TEST_F(HttpUpstreamTest, ARequestMayNameTheAddressThatMustServeIt) {
  Server other(io);
  beside(io, serve_one(other, answering(kOk)));
  HttpUpstreamOptions both = options();
  both.urls.push_back(other.url());
  const auto upstream = make(both);
  const auto test = [&]() -> awaitable<void> {
    Request request = get();
    request.address = other.authority();
    auto fetched = co_await fetch(*upstream, std::move(request));
    EXPECT_EQ(must(std::move(fetched)), "200 ok");
    Request nowhere = get();
    nowhere.address = "192.0.2.1:80";
    const auto refused = co_await fetch(*upstream, std::move(nowhere));
    EXPECT_EQ(error_of(refused), Errc::unavailable);
  };
  run(io, test());
  EXPECT_EQ(server.accepted(), 0);
}

TEST_F(HttpUpstreamTest, AnIdleConnectionIsClosedAfterItsTime) {
  bool server_saw_end = false;
  serve([&](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    co_await connection.send(kOk);
    server_saw_end = co_await connection.sees_end();
  });
  HttpUpstreamOptions brief = options();
  brief.idle = 10ms;
  const auto upstream = make(brief);
  const auto test = [&]() -> awaitable<void> {
    auto fetched = co_await fetch(*upstream, get());
    must(std::move(fetched));
    while (scripts_done < 1) co_await pause(1ms);
  };
  run(io, test());
  EXPECT_TRUE(server_saw_end);
}

// The race between a request and the end of an unused connection is lost by the one who knows less: the server's time
// has to be the longer one.
TEST(HttpUpstreamOptions, ConnectionsAreKeptShorterThanNodeAndUvicornKeepThemUnlessTheServerSaysMore) {
  EXPECT_LT(HttpUpstreamOptions().idle, 5s);
  EXPECT_GT(HttpUpstreamOptions().longest_idle, 5s);
}

std::string with_fields(const std::string& fields) {
  return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 2\r\n\r\nok";
}

struct KeepAliveCase {
  std::string fields;
  std::chrono::milliseconds unless_said;
  bool kept;
};

class KeepAliveTest : public HttpUpstreamTest, public testing::WithParamInterface<KeepAliveCase> {};

// draft-thomson-hybi-http-timeout-03 section 2.1
TEST_P(KeepAliveTest, AnUnusedConnectionIsKeptASecondLessThanTheServerSays) {
  const auto& [fields, unless_said, kept] = GetParam();
  serve([answer = with_fields(fields), requests = kept ? 2 : 1](ServerConnection& connection) -> awaitable<void> {
    for (int i = 0; i < requests; ++i) {
      co_await connection.request();
      co_await connection.send(answer);
    }
  });
  if (!kept) serve(answering(kOk));
  HttpUpstreamOptions all = options();
  all.idle = unless_said;
  all.response_timeout = 5s;
  const auto upstream = make(std::move(all));
  const auto test = [&]() -> awaitable<void> {
    for (int i = 0; i < 2; ++i) {
      auto fetched = co_await fetch(*upstream, get());
      EXPECT_EQ(must(std::move(fetched)), "200 ok");
    }
  };
  run(io, test());
  EXPECT_EQ(server.accepted(), kept ? 1 : 2);
}

INSTANTIATE_TEST_SUITE_P(
    Said, KeepAliveTest,
    testing::Values(KeepAliveCase{"", 1min, true}, KeepAliveCase{"", 0ms, false},
                    KeepAliveCase{"Keep-Alive: timeout=60\r\n", 0ms, true},
                    KeepAliveCase{"keep-alive: max=100 , Timeout=60\r\n", 0ms, true},
                    KeepAliveCase{"Keep-Alive: timeout=99999999999999999999\r\n", 0ms, false},
                    KeepAliveCase{"Keep-Alive: timeout=9999999999999999999\r\n", 0ms, true},
                    KeepAliveCase{"Keep-Alive: timeout=1\r\n", 1min, false},
                    KeepAliveCase{"Keep-Alive: timeout=0\r\n", 1min, false},
                    KeepAliveCase{"Keep-Alive: timeout=60\r\nKeep-Alive: timeout=1\r\n", 1min, false},
                    KeepAliveCase{"Keep-Alive: timeout=x, max=1\r\n", 1min, true},
                    KeepAliveCase{"Keep-Alive: timeout\r\n", 1min, true},
                    KeepAliveCase{"Keep-Alive: timeout=60\r\nConnection: close\r\n", 1min, false}));

TEST_F(HttpUpstreamTest, HoweverLongTheServerKeepsAConnectionOursHasALimit) {
  bool server_saw_end = false;
  serve([&](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    co_await connection.send(with_fields("Keep-Alive: timeout=3600\r\n"));
    server_saw_end = co_await connection.sees_end();
  });
  HttpUpstreamOptions brief = options();
  brief.longest_idle = 10ms;
  const auto upstream = make(brief);
  const auto test = [&]() -> awaitable<void> {
    auto fetched = co_await fetch(*upstream, get());
    must(std::move(fetched));
    while (scripts_done < 1) co_await pause(1ms);
  };
  run(io, test());
  EXPECT_TRUE(server_saw_end);
}

TEST_F(HttpUpstreamTest, EachIdleConnectionHasItsOwnTime) {
  bool brief_ended = false;
  serve([&](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    co_await connection.send(with_fields("Keep-Alive: timeout=60\r\n"));
    co_await connection.request();
    co_await connection.send(kOk);
  });
  serve([&](ServerConnection& connection) -> awaitable<void> {
    co_await connection.request();
    co_await connection.send(kOk);
    brief_ended = co_await connection.sees_end();
  });
  HttpUpstreamOptions brief = options();
  brief.idle = 10ms;
  const auto upstream = make(brief);
  const auto test = [&]() -> awaitable<void> {
    CancelSlot slot;
    auto first = co_await upstream->exchange(get(), slot);
    const auto kept_long = must(std::move(first));
    auto second = co_await upstream->exchange(get(), slot);
    const auto kept_briefly = must(std::move(second));
    co_await body_of(*kept_long);
    co_await body_of(*kept_briefly);
    while (!brief_ended) co_await pause(1ms);
    auto third = co_await fetch(*upstream, post("x"));
    EXPECT_EQ(must(std::move(third)), "200 ok");
  };
  run(io, test());
  EXPECT_EQ(server.accepted(), 2);
}

TEST(MakeHttpUpstream, UrlsThatAreNoneAreRefused) {
  asio::io_context io{1};
  for (const std::string url : {"", "127.0.0.1:80", "ftp://a/", "http://user@a/"}) {
    HttpUpstreamOptions options;
    options.urls = {url};
    EXPECT_THROW(make_http_upstream(io.get_executor(), options), std::invalid_argument) << url;
  }
}

}  // namespace
}  // namespace postern::upstream
