#include "proxy/answer/stream_writer.hpp"

#include "mcp/sse.hpp"

namespace postern::proxy {

using std::chrono::steady_clock;

StreamWriter::StreamWriter(edge::ClientExchange& client, Duration keep_alive, std::function<bool()> expired,
                           std::function<void()> end)
    : client_(client),
      keep_alive_(keep_alive),
      expired_(std::move(expired)),
      end_(std::move(end)),
      timer_(client.executor()),
      turn_(client.executor()),
      background_(client.executor()),
      last_(steady_clock::now()) {}

void StreamWriter::note(std::string_view bytes) noexcept {
  if (bytes.empty()) return;
  last_ = steady_clock::now();
  at_line_start_ = bytes.back() == '\n';
}

void StreamWriter::start(std::string_view first) {
  note(first);
  background_.start(beat());
}

net::awaitable<bool> StreamWriter::write(std::string_view bytes) {
  while (writing_) {
    turn_.expires_at(steady_clock::time_point::max());
    co_await turn_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
  if (broken_) co_return false;
  writing_ = true;
  const bool sent = co_await client_.send(bytes);
  writing_ = false;
  note(bytes);
  broken_ = broken_ || !sent;
  co_return sent;
}

net::awaitable<void> StreamWriter::beat() {
  while (!stopping_) {
    timer_.expires_at(last_ + keep_alive_);
    co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (stopping_) co_return;
    if (expired_()) {
      end_();
      co_return;
    }
    if (steady_clock::now() < last_ + keep_alive_) continue;
    if (writing_ || !at_line_start_) {
      last_ = steady_clock::now();
      continue;
    }
    writing_ = true;
    const bool sent = co_await client_.send(mcp::kSseKeepAlive);
    writing_ = false;
    last_ = steady_clock::now();
    broken_ = broken_ || !sent;
    turn_.cancel();
    if (!sent) {
      end_();
      co_return;
    }
  }
}

net::awaitable<void> StreamWriter::stop() {
  stopping_ = true;
  timer_.cancel();
  co_await background_.join();
}

}  // namespace postern::proxy
