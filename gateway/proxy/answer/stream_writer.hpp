#pragma once

#include <chrono>
#include <string_view>

#include <boost/asio/steady_timer.hpp>

#include "edge/background.hpp"
#include "edge/client_exchange.hpp"

namespace postern::proxy {

// Writes an event stream to the client and keeps it alive: when nothing was written for a while, a comment line goes
// out, so that no proxy on the way takes the stream for dead. Comments are put between lines only.
class StreamWriter {
 public:
  // `expired` is asked at each beat; when it says so the stream is ended through `end`.
  StreamWriter(edge::ClientExchange& client, Duration keep_alive, std::function<bool()> expired,
               std::function<void()> end);

  void start(std::string_view first);
  // False: the client is gone.
  net::awaitable<bool> write(std::string_view bytes);
  net::awaitable<void> stop();

 private:
  net::awaitable<void> beat();
  void note(std::string_view bytes) noexcept;

  edge::ClientExchange& client_;
  Duration keep_alive_;
  std::function<bool()> expired_;
  std::function<void()> end_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer turn_;  // wakes who waits for the other's write
  edge::Background background_;
  std::chrono::steady_clock::time_point last_;
  bool at_line_start_ = true;
  bool writing_ = false;
  bool stopping_ = false;
  bool broken_ = false;
};

}  // namespace postern::proxy
