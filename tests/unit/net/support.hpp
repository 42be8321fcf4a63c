#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/tcp.hpp"

namespace postern::net_testing {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using namespace std::chrono_literals;

inline net::SteadyTime after(std::chrono::milliseconds span) { return std::chrono::steady_clock::now() + span; }
// Far enough for a loaded machine, near enough that a hang fails the test.
inline net::SteadyTime patience() { return after(10s); }

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(std::string(to_string(result.error().code)) + ": " + result.error().what);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

template <class T>
Errc error_of(const Result<T>& result) {
  if (result) throw std::runtime_error("an error was expected");
  return result.error().code;
}

inline auto failing_the_test() {
  return [](std::exception_ptr thrown) {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  };
}

// Runs beside the test, from the next time it waits; what it throws fails the test.
inline void beside(asio::io_context& io, awaitable<void> work) {
  asio::post(io, [&io, work = std::move(work)]() mutable { asio::co_spawn(io, std::move(work), failing_the_test()); });
}

// Runs a coroutine to its end on the context, whatever else is still under way there.
inline void run(asio::io_context& io, awaitable<void> test) {
  bool ended = false;
  asio::co_spawn(io, std::move(test), [&ended, report = failing_the_test()](std::exception_ptr thrown) {
    ended = true;
    report(thrown);
  });
  const auto limit = std::chrono::steady_clock::now() + 30s;
  io.restart();
  while (!ended && std::chrono::steady_clock::now() < limit) io.run_one_for(1s);
  EXPECT_TRUE(ended) << "the coroutine never ended";
}

inline awaitable<void> pause(std::chrono::milliseconds span) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, span);
  co_await timer.async_wait(asio::use_awaitable);
}

// Our side of a loopback connection, and the other as a bare socket that does as the test likes.
struct Pair {
  explicit Pair(asio::io_context& io) : peer(io) {
    tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    peer.connect(acceptor.local_endpoint());
    ours = std::make_unique<net::TcpStream>(acceptor.accept());
  }

  std::unique_ptr<net::TcpStream> ours;
  tcp::socket peer;
};

inline awaitable<void> send(tcp::socket& socket, std::string text) {
  const auto buffer = asio::buffer(text);
  co_await asio::async_write(socket, buffer, asio::use_awaitable);
}

// Exactly that many bytes.
inline awaitable<std::string> receive(tcp::socket& socket, std::size_t size) {
  std::string text(size, '\0');
  const auto buffer = asio::buffer(text);
  co_await asio::async_read(socket, buffer, asio::use_awaitable);
  co_return text;
}

// Everything up to the end; a reset counts as end too.
inline awaitable<std::string> receive_all(tcp::socket& socket) {
  std::string all;
  std::string part(65536, '\0');
  for (;;) {
    const auto buffer = asio::buffer(part);
    const auto received = co_await socket.async_receive(buffer, asio::as_tuple(asio::use_awaitable));
    if (std::get<0>(received)) co_return all;
    all.append(part, 0, std::get<1>(received));
  }
}

inline void reset(tcp::socket& socket) {
  socket.set_option(asio::socket_base::linger(true, 0));
  socket.close();
}

inline awaitable<std::string> read_all(net::Stream& stream) {
  std::string all;
  std::string part(65536, '\0');
  for (;;) {
    const std::span<char> into(part);
    auto got = co_await stream.read_some(into);
    const std::size_t size = must(std::move(got));
    if (size == 0) co_return all;
    all.append(part, 0, size);
  }
}

inline awaitable<Result<void>> write_text(net::Stream& stream, std::string text) {
  const std::string_view pieces[] = {text};
  const std::span<const std::string_view> all(pieces);
  auto written = co_await stream.write(all);
  co_return written;
}

// The bytes of one read.
inline awaitable<Result<std::string>> read_once(net::Stream& stream) {
  std::string part(65536, '\0');
  const std::span<char> into(part);
  const auto got = co_await stream.read_some(into);
  if (!got) co_return got.error();
  part.resize(*got);
  co_return part;
}

}  // namespace postern::net_testing
