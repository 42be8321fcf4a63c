#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "unit/net/support.hpp"

namespace postern::net {
namespace {

using namespace net_testing;

class ConnectTest : public testing::Test {
 protected:
  std::string port() const { return std::to_string(acceptor.local_endpoint().port()); }

  // Leaves no room in the queue, so that further connections get no answer at all.
  void fill_queue() {
    acceptor.listen(0);
    for (int i = 0; i < 4; ++i) {
      auto& socket = fillers.emplace_back(io);
      socket.async_connect(acceptor.local_endpoint(), [](const boost::system::error_code&) {});
    }
    io.run_for(50ms);
  }

  asio::io_context io{1};
  tcp::acceptor acceptor{io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::vector<tcp::socket> fillers;
};

TEST_F(ConnectTest, ConnectsToAnAddressAndToAName) {
  const auto test = [this]() -> awaitable<void> {
    for (const std::string host : {"127.0.0.1", "localhost"}) {
      auto connected = co_await tcp_connect(io.get_executor(), host, port(), patience());
      const auto stream = must(std::move(connected));
      auto other = acceptor.accept();
      co_await send(other, "hi");
      auto got = co_await read_once(*stream);
      EXPECT_EQ(must(std::move(got)), "hi");
      EXPECT_EQ(stream->peer(), "127.0.0.1");
    }
  };
  run(io, test());
}

TEST_F(ConnectTest, ARefusedConnectionIsUnavailableAndNamesTheAddress) {
  const std::string closed_port = port();
  acceptor.close();
  const auto test = [&]() -> awaitable<void> {
    const auto connected = co_await tcp_connect(io.get_executor(), "127.0.0.1", closed_port, patience());
    EXPECT_EQ(error_of(connected), Errc::unavailable);
    EXPECT_EQ(connected.error().what, "cannot connect to 127.0.0.1:" + closed_port + ": Connection refused");
  };
  run(io, test());
}

TEST_F(ConnectTest, EndsWhenTheDeadlinePasses) {
  fill_queue();
  const auto test = [this]() -> awaitable<void> {
    const auto connected = co_await tcp_connect(io.get_executor(), "127.0.0.1", port(), after(30ms));
    EXPECT_EQ(error_of(connected), Errc::timed_out);
  };
  run(io, test());
}

TEST_F(ConnectTest, EndsWhenTheCoroutineIsCancelled) {
  fill_queue();
  asio::cancellation_signal signal;
  bool ended = false;
  asio::co_spawn(io, tcp_connect(io.get_executor(), "127.0.0.1", port(), patience()),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr, auto connected) {
                   ended = true;
                   EXPECT_EQ(error_of(connected), Errc::cancelled);
                 }));
  io.restart();
  io.poll();
  EXPECT_FALSE(ended);
  signal.emit(asio::cancellation_type::terminal);
  const auto limit = after(5s);
  while (!ended && std::chrono::steady_clock::now() < limit) io.run_one_for(100ms);
  EXPECT_TRUE(ended);
}

TEST_F(ConnectTest, APortThatIsNoNumberIsRefused) {
  const auto test = [this]() -> awaitable<void> {
    for (const std::string bad : {"", "http", "70000", "80x", "-1"}) {
      const auto connected = co_await tcp_connect(io.get_executor(), "127.0.0.1", bad, patience());
      EXPECT_EQ(error_of(connected), Errc::invalid) << bad;
    }
  };
  run(io, test());
}

}  // namespace
}  // namespace postern::net
