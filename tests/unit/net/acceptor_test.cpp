#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit/net/support.hpp"

namespace postern::net {
namespace {

using namespace net_testing;

std::unique_ptr<Acceptor> listen(asio::io_context& io, const std::string& host = "127.0.0.1", std::uint16_t port = 0) {
  return must(Acceptor::listen(io, host, port));
}

void connect(tcp::socket& socket, std::uint16_t port) {
  socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
}

TEST(Acceptor, AcceptsConnectionsThatCarryData) {
  asio::io_context io{1};
  const auto acceptor = listen(io);
  const auto test = [&]() -> awaitable<void> {
    for (int i = 0; i < 40; ++i) {
      tcp::socket client(io);
      connect(client, acceptor->port());
      auto accepted = co_await acceptor->accept();
      const auto stream = must(std::move(accepted));
      EXPECT_EQ(stream->peer(), "127.0.0.1");
      co_await send(client, "hello");
      auto got = co_await read_once(*stream);
      EXPECT_EQ(must(std::move(got)), "hello");
    }
  };
  run(io, test());
}

TEST(Acceptor, WaitsForAConnection) {
  asio::io_context io{1};
  const auto acceptor = listen(io);
  tcp::socket client(io);
  const auto connecting = [&]() -> awaitable<void> {
    connect(client, acceptor->port());
    co_return;
  };
  const auto test = [&]() -> awaitable<void> {
    beside(io, connecting());
    auto accepted = co_await acceptor->accept();
    must(std::move(accepted));
  };
  run(io, test());
}

TEST(Acceptor, DescriptorsAreNotInheritedByChildren) {
  asio::io_context io{1};
  const auto acceptor = listen(io);
  const auto test = [&]() -> awaitable<void> {
    tcp::socket client(io);
    connect(client, acceptor->port());
    auto accepted = co_await acceptor->accept();
    const auto stream = must(std::move(accepted));
    EXPECT_NE(::fcntl(stream->native_handle(), F_GETFD) & FD_CLOEXEC, 0);
  };
  run(io, test());
}

TEST(Acceptor, SeveralListenOnTheSameAddress) {
  asio::io_context io{1};
  const auto first = listen(io);
  const auto second = Acceptor::listen(io, "127.0.0.1", first->port(), Acceptor::Place::joining);
  EXPECT_TRUE(second);
  const auto third = Acceptor::listen(io, "127.0.0.1", first->port(), Acceptor::Place::joining);
  EXPECT_TRUE(third);
}

TEST(Acceptor, NoOtherProcessSharesTheAddress) {
  asio::io_context io{1};
  const auto ours = listen(io);
  const auto joined = Acceptor::listen(io, "127.0.0.1", ours->port(), Acceptor::Place::joining);
  EXPECT_TRUE(joined);
  const auto another = Acceptor::listen(io, "127.0.0.1", ours->port(), Acceptor::Place::first);
  ASSERT_FALSE(another);
  EXPECT_NE(another.error().what.find("Address already in use"), std::string::npos) << another.error().what;
}

TEST(Acceptor, ListensOnIpv6InBrackets) {
  asio::io_context io{1};
  const auto acceptor = Acceptor::listen(io, "[::1]", 0);
  if (!acceptor) GTEST_SKIP() << acceptor.error().what;
  const auto test = [&]() -> awaitable<void> {
    tcp::socket client(io);
    client.connect(tcp::endpoint(asio::ip::address_v6::loopback(), (*acceptor)->port()));
    auto accepted = co_await (*acceptor)->accept();
    EXPECT_EQ(must(std::move(accepted))->peer(), "::1");
  };
  run(io, test());
}

TEST(Acceptor, AnIpv4AndAnIpv6WildcardShareAPort) {
  asio::io_context io{1};
  const auto v4 = listen(io, "0.0.0.0");
  const auto v6 = Acceptor::listen(io, "::", v4->port());
  if (!v6 && v6.error().what.find("not supported") != std::string::npos) GTEST_SKIP() << v6.error().what;
  EXPECT_TRUE(v6);
}

TEST(Acceptor, SaysWhereItCannotListenAndWhy) {
  asio::io_context io{1};
  const auto acceptor = Acceptor::listen(io, "192.0.2.1", 8443);
  ASSERT_FALSE(acceptor);
  EXPECT_EQ(acceptor.error().what, "cannot listen on 192.0.2.1:8443: Cannot assign requested address");
}

TEST(Acceptor, IsBusyWhileDescriptorsHaveRunOutAndGoesOnAfterwards) {
  asio::io_context io{1};
  const auto acceptor = listen(io);
  tcp::socket client(io);
  connect(client, acceptor->port());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(0);
  ::close(next);
  const auto test = [&]() -> awaitable<void> {
    rlimit low = before;
    low.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &low);
    const auto refused = co_await acceptor->accept();
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(error_of(refused), Errc::busy);
    auto accepted = co_await acceptor->accept();
    must(std::move(accepted));
  };
  run(io, test());
}

TEST(Acceptor, CloseEndsTheAcceptUnderWay) {
  asio::io_context io{1};
  auto acceptor = listen(io);
  const auto closing = [&]() -> awaitable<void> {
    acceptor.reset();
    co_return;
  };
  const auto test = [&]() -> awaitable<void> {
    beside(io, closing());
    const auto accepted = co_await acceptor->accept();
    EXPECT_EQ(error_of(accepted), Errc::cancelled);
  };
  run(io, test());
}

}  // namespace
}  // namespace postern::net
