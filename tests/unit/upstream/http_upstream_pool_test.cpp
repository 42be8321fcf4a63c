#include "unit/upstream/fixture.hpp"

namespace postern::upstream {
namespace {

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
