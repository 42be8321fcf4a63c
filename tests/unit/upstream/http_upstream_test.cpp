#include "unit/upstream/fixture.hpp"

namespace postern::upstream {
namespace {

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

}  // namespace
}  // namespace postern::upstream
