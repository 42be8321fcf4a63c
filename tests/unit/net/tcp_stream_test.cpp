#include "net/tcp.hpp"

#include <vector>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "unit/net/support.hpp"

namespace postern::net {
namespace {

using namespace net_testing;

class TcpStreamTest : public testing::Test {
 protected:
  asio::io_context io{1};
  Pair pair{io};
  Stream& stream = *pair.ours;
};

TEST_F(TcpStreamTest, ReadsWhatHasComeHoweverShort) {
  const auto test = [this]() -> awaitable<void> {
    for (const std::string text : {"a", "bc", "d"}) {
      co_await send(pair.peer, text);
      auto got = co_await read_once(stream);
      EXPECT_EQ(must(std::move(got)), text);
    }
  };
  run(io, test());
}

TEST_F(TcpStreamTest, DataThatIsThereIsReadWithoutWaiting) {
  const auto test = [this]() -> awaitable<void> {
    const std::string text(100000, 'x');
    beside(io, send(pair.peer, text));
    std::string all;
    std::string part(1000, '\0');
    while (all.size() < text.size()) {
      const std::span<char> into(part);
      auto got = co_await stream.read_some(into);
      all.append(part, 0, must(std::move(got)));
    }
    EXPECT_EQ(all, text);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, AnOrderlyEndReadsAsZero) {
  const auto test = [this]() -> awaitable<void> {
    co_await send(pair.peer, "last");
    pair.peer.shutdown(tcp::socket::shutdown_send);
    const auto all = co_await read_all(stream);
    EXPECT_EQ(all, "last");
    auto again = co_await read_once(stream);
    EXPECT_EQ(must(std::move(again)), "");
  };
  run(io, test());
}

TEST_F(TcpStreamTest, AResetReadsAsClosed) {
  const auto test = [this]() -> awaitable<void> {
    reset(pair.peer);
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::closed);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, AResetWhileWaitingReadsAsClosed) {
  const auto resetting = [this]() -> awaitable<void> {
    reset(pair.peer);
    co_return;
  };
  const auto test = [&]() -> awaitable<void> {
    beside(io, resetting());
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::closed);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, AReadEndsWhenItsDeadlinePasses) {
  const auto test = [this]() -> awaitable<void> {
    stream.read_deadline(after(20ms));
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::timed_out);
    const auto again = co_await read_once(stream);
    EXPECT_EQ(error_of(again), Errc::timed_out);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, AfterADeadlinePassedANewOneLetsReadingGoOn) {
  const auto test = [this]() -> awaitable<void> {
    stream.read_deadline(after(10ms));
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::timed_out);
    stream.read_deadline(patience());
    co_await send(pair.peer, "late");
    auto second = co_await read_once(stream);
    EXPECT_EQ(must(std::move(second)), "late");
  };
  run(io, test());
}

TEST_F(TcpStreamTest, WhatIsThereIsDeliveredThoughTheDeadlinePassed) {
  const auto test = [this]() -> awaitable<void> {
    stream.read_deadline(after(10ms));
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::timed_out);
    co_await send(pair.peer, "there");
    auto second = co_await read_once(stream);
    EXPECT_EQ(must(std::move(second)), "there");
  };
  run(io, test());
}

TEST_F(TcpStreamTest, ADeadlineMovedLaterDoesNotEndTheReadUnderWay) {
  const auto peer = [this]() -> awaitable<void> {
    stream.read_deadline(patience());
    co_await pause(60ms);
    co_await send(pair.peer, "in time");
  };
  const auto test = [&]() -> awaitable<void> {
    stream.read_deadline(after(20ms));
    beside(io, peer());
    auto got = co_await read_once(stream);
    EXPECT_EQ(must(std::move(got)), "in time");
  };
  run(io, test());
}

TEST_F(TcpStreamTest, ADeadlineMovedEarlierEndsTheReadUnderWay) {
  const auto hurry = [this]() -> awaitable<void> {
    stream.read_deadline(after(10ms));
    co_return;
  };
  const auto test = [&]() -> awaitable<void> {
    stream.read_deadline(after(1h));
    beside(io, hurry());
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::timed_out);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, AWriteEndsWhenThePeerDoesNotRead) {
  const auto test = [this]() -> awaitable<void> {
    stream.write_deadline(after(30ms));
    const auto written = co_await write_text(stream, std::string(64 * 1024 * 1024, 'x'));
    EXPECT_EQ(error_of(written), Errc::timed_out);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, AReadDeadlineLeavesTheWriteUnderWayAlone) {
  const std::string text(16 * 1024 * 1024, 'x');
  bool written = false;
  const auto writing = [&]() -> awaitable<void> {
    stream.write_deadline(patience());
    auto result = co_await write_text(stream, text);
    must(std::move(result));
    written = true;
  };
  const auto test = [&]() -> awaitable<void> {
    beside(io, writing());
    stream.read_deadline(after(20ms));
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::timed_out);
    EXPECT_FALSE(written);
    const auto received = co_await receive(pair.peer, text.size());
    EXPECT_EQ(received, text);
    co_await pause(1ms);
  };
  run(io, test());
  while (!written && io.run_one_for(5s) > 0) {
  }
  EXPECT_TRUE(written);
}

TEST_F(TcpStreamTest, WritesEveryPieceInOrder) {
  const auto test = [this]() -> awaitable<void> {
    std::vector<std::string> texts;
    std::string expected;
    for (int i = 0; i < 100; ++i) {
      texts.push_back(i % 7 == 0 ? std::string()
                                 : std::string(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26)));
      expected += texts.back();
    }
    const std::vector<std::string_view> pieces(texts.begin(), texts.end());
    const std::span<const std::string_view> all(pieces);
    auto written = co_await stream.write(all);
    must(std::move(written));
    const auto received = co_await receive(pair.peer, expected.size());
    EXPECT_EQ(received, expected);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, ReadsAndWritesAtTheSameTime) {
  const std::string there(8 * 1024 * 1024, 't');
  const std::string back(8 * 1024 * 1024, 'b');
  int ended = 0;
  const auto writing = [&]() -> awaitable<void> {
    auto written = co_await write_text(stream, there);
    must(std::move(written));
    co_await stream.shutdown();
    ++ended;
  };
  const auto peer_writing = [&]() -> awaitable<void> {
    co_await send(pair.peer, back);
    pair.peer.shutdown(tcp::socket::shutdown_send);
    ++ended;
  };
  const auto peer_reading = [&]() -> awaitable<void> {
    const auto got = co_await receive(pair.peer, there.size());
    EXPECT_EQ(got, there);
    ++ended;
  };
  const auto test = [&]() -> awaitable<void> {
    beside(io, peer_writing());
    beside(io, peer_reading());
    const auto all = co_await read_all(stream);
    EXPECT_EQ(all, back);
    co_await writing();
    while (ended < 3) co_await pause(1ms);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, CloseEndsWhatIsUnderWayWithCancelled) {
  const auto closing = [this]() -> awaitable<void> {
    stream.close();
    stream.close();
    co_return;
  };
  const auto test = [&]() -> awaitable<void> {
    stream.read_deadline(patience());
    beside(io, closing());
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::cancelled);
    const auto again = co_await read_once(stream);
    EXPECT_EQ(error_of(again), Errc::cancelled);
    const auto written = co_await write_text(stream, "x");
    EXPECT_EQ(error_of(written), Errc::cancelled);
    EXPECT_EQ(pair.ours->native_handle(), -1);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, DestroyingTheStreamEndsWhatIsUnderWay) {
  const auto destroying = [this]() -> awaitable<void> {
    pair.ours.reset();
    co_return;
  };
  const auto test = [&]() -> awaitable<void> {
    stream.read_deadline(patience());
    beside(io, destroying());
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::cancelled);
    const auto rest = co_await receive_all(pair.peer);
    EXPECT_EQ(rest, "");
  };
  run(io, test());
}

TEST_F(TcpStreamTest, ACancelledReadHasTakenNothing) {
  const auto test = [this]() -> awaitable<void> {
    using namespace asio::experimental::awaitable_operators;
    auto race = read_once(stream) || pause(10ms);
    const auto first = co_await std::move(race);
    EXPECT_EQ(first.index(), 1u);
    co_await send(pair.peer, "kept");
    auto got = co_await read_once(stream);
    EXPECT_EQ(must(std::move(got)), "kept");
  };
  run(io, test());
}

class TcpCancelReadTest : public TcpStreamTest {
 protected:
  void SetUp() override {
    stream.read_deadline(patience());
    stream.write_deadline(patience());
  }
  awaitable<void> cancelling() {
    stream.cancel_read();
    co_return;
  }
};

TEST_F(TcpCancelReadTest, EndsTheReadUnderWayAndTheNextGetsWhatComesLater) {
  const auto test = [this]() -> awaitable<void> {
    for (const std::string later : {"later", "later still"}) {
      beside(io, cancelling());
      const auto got = co_await read_once(stream);
      EXPECT_EQ(error_of(got), Errc::cancelled);
      co_await send(pair.peer, later);
      auto next = co_await read_once(stream);
      EXPECT_EQ(must(std::move(next)), later);
    }
  };
  run(io, test());
}

TEST_F(TcpCancelReadTest, TheNextReadMayWaitForWhatComesLater) {
  const auto test = [this]() -> awaitable<void> {
    beside(io, cancelling());
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::cancelled);
    beside(io, send(pair.peer, "later"));
    auto next = co_await read_once(stream);
    EXPECT_EQ(must(std::move(next)), "later");
  };
  run(io, test());
}

TEST_F(TcpCancelReadTest, EndsAWaitUnderWay) {
  const auto test = [this]() -> awaitable<void> {
    beside(io, cancelling());
    const auto waited = co_await stream.wait_readable();
    EXPECT_EQ(error_of(waited), Errc::cancelled);
    beside(io, send(pair.peer, "later"));
    auto ready = co_await stream.wait_readable();
    must(std::move(ready));
    auto next = co_await read_once(stream);
    EXPECT_EQ(must(std::move(next)), "later");
  };
  run(io, test());
}

// Whoever is first, the bytes or the cancellation: they are read once.
TEST_F(TcpCancelReadTest, LosesNothingThatComesAtTheSameMoment) {
  const auto at_once = [this]() -> awaitable<void> {
    pair.peer.send(asio::buffer("same moment", 11));
    stream.cancel_read();
    co_return;
  };
  const auto test = [&]() -> awaitable<void> {
    beside(io, at_once());
    const auto got = co_await read_once(stream);
    std::string all = got ? *got : std::string();
    if (!got) EXPECT_EQ(got.error().code, Errc::cancelled);
    co_await send(pair.peer, ".");
    while (all.size() < 12) {
      auto next = co_await read_once(stream);
      all += must(std::move(next));
    }
    EXPECT_EQ(all, "same moment.");
  };
  run(io, test());
}

TEST_F(TcpCancelReadTest, WithoutAReadUnderWayTheNextIsNotEnded) {
  const auto test = [this]() -> awaitable<void> {
    stream.cancel_read();
    beside(io, send(pair.peer, "later"));
    auto got = co_await read_once(stream);
    EXPECT_EQ(must(std::move(got)), "later");
    stream.cancel_read();
    beside(io, send(pair.peer, "last"));
    auto ready = co_await stream.wait_readable();
    must(std::move(ready));
    auto last = co_await read_once(stream);
    EXPECT_EQ(must(std::move(last)), "last");
    stream.close();
    stream.cancel_read();
  };
  run(io, test());
}

TEST_F(TcpCancelReadTest, LeavesAWriteUnderWayAlone) {
  const std::string text(16 * 1024 * 1024, 'x');
  bool written = false;
  const auto writing = [&]() -> awaitable<void> {
    auto result = co_await write_text(stream, text);
    must(std::move(result));
    written = true;
  };
  const auto test = [&]() -> awaitable<void> {
    beside(io, writing());
    co_await pause(5ms);
    beside(io, cancelling());
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::cancelled);
    EXPECT_FALSE(written);
    const auto received = co_await receive(pair.peer, text.size());
    EXPECT_TRUE(received == text);
    while (!written) co_await pause(1ms);
  };
  run(io, test());
}

TEST_F(TcpCancelReadTest, TheDeadlineStillHoldsForTheNextRead) {
  const auto test = [this]() -> awaitable<void> {
    beside(io, cancelling());
    const auto got = co_await read_once(stream);
    EXPECT_EQ(error_of(got), Errc::cancelled);
    stream.read_deadline(after(10ms));
    const auto late = co_await read_once(stream);
    EXPECT_EQ(error_of(late), Errc::timed_out);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, WaitReadableHoldsNoBufferAndSeesDataAndEnd) {
  const auto test = [this]() -> awaitable<void> {
    stream.read_deadline(after(10ms));
    const auto nothing = co_await stream.wait_readable();
    EXPECT_EQ(error_of(nothing), Errc::timed_out);
    stream.read_deadline(patience());
    co_await send(pair.peer, "data");
    auto ready = co_await stream.wait_readable();
    must(std::move(ready));
    auto got = co_await read_once(stream);
    EXPECT_EQ(must(std::move(got)), "data");
    pair.peer.close();
    auto at_end = co_await stream.wait_readable();
    must(std::move(at_end));
    auto end = co_await read_once(stream);
    EXPECT_EQ(must(std::move(end)), "");
  };
  run(io, test());
}

TEST_F(TcpStreamTest, WritingToAClosedPeerFailsWithoutASignal) {
  const auto test = [this]() -> awaitable<void> {
    reset(pair.peer);
    stream.write_deadline(patience());
    Result<void> written{};
    for (int i = 0; i < 3 && written; ++i) written = co_await write_text(stream, std::string(100000, 'x'));
    EXPECT_EQ(error_of(written), Errc::closed);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, ShutdownDeliversTheLastAnswerThoughInputIsUnread) {
  const auto test = [this]() -> awaitable<void> {
    co_await send(pair.peer, std::string(300000, 'u'));
    const std::string answer(100000, 'a');
    auto written = co_await write_text(stream, answer);
    must(std::move(written));
    stream.write_deadline(patience());
    beside(io, stream.shutdown());
    const auto received = co_await receive(pair.peer, answer.size());
    EXPECT_EQ(received, answer);
    co_await send(pair.peer, std::string(300000, 'u'));
    char byte = 0;
    const auto buffer = asio::buffer(&byte, 1);
    const auto end = co_await pair.peer.async_receive(buffer, asio::as_tuple(asio::use_awaitable));
    EXPECT_EQ(std::get<0>(end), asio::error::eof);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, ShutdownDoesNotWaitForASilentPeerPastTheDeadline) {
  const auto test = [this]() -> awaitable<void> {
    stream.write_deadline(after(20ms));
    co_await stream.shutdown();
    EXPECT_EQ(pair.ours->native_handle(), -1);
  };
  run(io, test());
}

TEST_F(TcpStreamTest, IsQuietUntilSomethingUnreadComes) {
  const auto test = [this]() -> awaitable<void> {
    EXPECT_TRUE(stream.is_quiet());
    co_await send(pair.peer, "x");
    auto ready = co_await stream.wait_readable();
    must(std::move(ready));
    EXPECT_FALSE(stream.is_quiet());
    co_await read_once(stream);
    EXPECT_TRUE(stream.is_quiet());
    pair.peer.close();
    auto ended = co_await stream.wait_readable();
    must(std::move(ended));
    EXPECT_FALSE(stream.is_quiet());
    stream.close();
    EXPECT_FALSE(stream.is_quiet());
  };
  run(io, test());
}

TEST_F(TcpStreamTest, TellsThePeersAddress) {
  EXPECT_EQ(stream.peer(), "127.0.0.1");
  stream.close();
  EXPECT_EQ(stream.peer(), "127.0.0.1");
}

TEST(TcpStream, AContextMayGoWithOperationsUnderWay) {
  auto io = std::make_unique<asio::io_context>(1);
  auto pair = std::make_unique<Pair>(*io);
  const auto reading = [](std::unique_ptr<TcpStream> stream) -> awaitable<void> {
    stream->read_deadline(patience());
    co_await read_once(*stream);
  };
  asio::co_spawn(*io, reading(std::move(pair->ours)), failing_the_test());
  io->poll();
  pair.reset();
  io.reset();
}

}  // namespace
}  // namespace postern::net
