#include "upstream/duplex/channels/stdio_channel.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <deque>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "mcp/envelope.hpp"
#include "mcp/one_line.hpp"
#include "upstream/duplex/channels/line_splitter.hpp"
#include "upstream/duplex/channels/throttle.hpp"

namespace postern::upstream {

namespace asio = boost::asio;
using asio::awaitable;
using asio::posix::stream_descriptor;

namespace {

constexpr std::size_t kRead = 64 * 1024;
constexpr std::size_t kLongestErrorLine = 8 * 1024;
// MCP 2025-11-25 lifecycle, "Shutdown" of stdio: close the input, wait, SIGTERM, wait, SIGKILL.
constexpr std::chrono::seconds kUntilTerm{2};
constexpr std::chrono::seconds kUntilKill{3};
constexpr std::chrono::seconds kUntilDrained{1};

auto as_result() { return asio::as_tuple(asio::use_awaitable); }

class StdioChannel final : public MessageChannel, public std::enable_shared_from_this<StdioChannel> {
 public:
  StdioChannel(const asio::any_io_executor& executor, std::string name, ChildProcess child, bool log_stderr,
               telemetry::Log& log, ChannelEvents events)
      : name_(std::move(name)),
        child_(std::move(child)),
        log_stderr_(log_stderr),
        log_(log),
        events_(std::move(events)),
        input_(executor, child_.take_input().release()),
        output_(executor, child_.take_output().release()),
        errors_(executor, child_.take_errors().release()),
        ended_(executor, child_.take_ended().release()),
        timer_(executor) {}

  void start() {
    log_.info("upstream_started", {{"upstream", name_}, {"pid", child_.pid()}});
    const auto self = shared_from_this();
    spawn(read_messages(self));
    spawn(read_errors(self));
    spawn(watch(self));
  }

  void send(std::string message, const http::Headers&, Sent sent) override {
    if (closing_ || !input_.is_open()) {
      sent(fail(Errc::closed, "the server has ended"));
      return;
    }
    message = mcp::on_one_line(message);
    if (queued_ + message.size() > kMostQueued) {
      sent(fail(Errc::busy, "the server does not read what it is sent"));
      return;
    }
    message += '\n';
    queued_ += message.size();
    queue_.push_back(std::move(message));
    if (!writing_) {
      writing_ = true;
      spawn(write_queue(shared_from_this()));
    }
    sent(Result<void>());
  }

  void close() override {
    if (closing_) return;
    closing_ = true;
    spawn(end_in_steps(shared_from_this()));
  }

  void kill() override {
    closing_ = true;
    child_.signal_group(SIGKILL);
  }

 private:
  using Self = std::shared_ptr<StdioChannel>;

  void spawn(awaitable<void> work) {
    asio::co_spawn(asio::any_io_executor(timer_.get_executor()), std::move(work),
                   [self = shared_from_this()](std::exception_ptr bug) {
                     if (bug) self->log_.error("internal_error", {{"what", "a coroutine of a stdio server threw"}});
                   });
  }

  static awaitable<void> read_messages(Self self) {
    co_await asio::post(self->output_.get_executor(), asio::use_awaitable);
    self->events_.opened();
    LineSplitter lines(kLongestMessage);
    const auto buffer = std::make_unique<std::array<char, kRead>>();
    for (;;) {
      const auto room = asio::buffer(*buffer);
      const auto [error, size] = co_await self->output_.async_read_some(room, as_result());
      if (error) break;
      lines.feed(std::string_view(buffer->data(), size));
      for (auto line = lines.next(); line; line = lines.next()) {
        self->take_line(mcp::without_padding(*line), lines.is_cut());
      }
    }
    self->output_read_ = true;
    self->timer_.cancel();
    // A server that can say nothing more is of no use, alive or not.
    self->close();
  }

  // MCP 2025-11-25 transports, "stdio": nothing but messages belongs there. Anything else is not logged, since it may
  // be a part of an answer.
  void take_line(std::string_view line, bool cut) {
    if (line.empty() || closing_) return;
    if (line.front() == '{') {
      const auto& take = cut ? events_.too_long : events_.message;
      take(std::string(line));
    } else if (stray_.admits()) {
      log_.warning("upstream_output_ignored",
                   {{"upstream", name_}, {"bytes", line.size()}, {"what", "the line is not a JSON object"}});
    }
  }

  static awaitable<void> read_errors(Self self) {
    LineSplitter lines(kLongestErrorLine);
    const auto buffer = std::make_unique<std::array<char, kLongestErrorLine>>();
    for (;;) {
      const auto room = asio::buffer(*buffer);
      const auto [error, size] = co_await self->errors_.async_read_some(room, as_result());
      if (error) break;
      self->take_errors(lines, std::string_view(buffer->data(), size));
    }
    if (!lines.rest().empty()) self->log_error_line(lines.rest());
    self->errors_read_ = true;
    self->timer_.cancel();
  }

  void take_errors(LineSplitter& lines, std::string_view bytes) {
    lines.feed(bytes);
    for (auto line = lines.next(); line; line = lines.next()) log_error_line(*line);
  }

  void log_error_line(std::string_view line) {
    if (line.empty() || !said_.admits()) return;
    if (const auto dropped = said_.take_dropped(); dropped > 0) {
      log_.warning("upstream_stderr_dropped", {{"upstream", name_}, {"pid", child_.pid()}, {"lines", dropped}});
    }
    if (log_stderr_) {
      log_.info("upstream_stderr", {{"upstream", name_}, {"pid", child_.pid()}, {"line", line}});
    } else {
      log_.info("upstream_stderr", {{"upstream", name_},
                                    {"pid", child_.pid()},
                                    {"bytes", line.size()},
                                    {"what", "`log_stderr: true` of the upstream shows the text"}});
    }
  }

  static awaitable<void> write_queue(Self self) {
    while (!self->queue_.empty() && self->input_.is_open()) {
      const auto bytes = asio::buffer(self->queue_.front());
      const auto [error, size] = co_await asio::async_write(self->input_, bytes, as_result());
      if (error) break;  // it has ended, which is noticed elsewhere
      self->queued_ -= self->queue_.front().size();
      self->queue_.pop_front();
    }
    self->writing_ = false;
  }

  static awaitable<void> end_in_steps(Self self) {
    boost::system::error_code ignored;
    self->input_.close(ignored);
    co_await self->wait_for_end(self, kUntilTerm);
    if (!self->gone_) self->child_.signal_group(SIGTERM);
    co_await self->wait_for_end(self, kUntilKill);
    if (!self->gone_) self->child_.signal_group(SIGKILL);
  }

  static awaitable<void> wait_for_end(Self self, std::chrono::seconds longest) {
    const auto until = std::chrono::steady_clock::now() + longest;
    asio::steady_timer timer(self->timer_.get_executor());
    while (!self->gone_ && std::chrono::steady_clock::now() < until) {
      timer.expires_after(std::chrono::milliseconds(20));
      co_await timer.async_wait(as_result());
    }
  }

  // From its start to the moment when nothing of it is left.
  static awaitable<void> watch(Self self) {
    co_await self->ended_.async_wait(stream_descriptor::wait_read, as_result());
    // What it started and left behind has lost its server. Before reap(), while the group's number is still its own.
    self->child_.signal_group(SIGKILL);
    self->gone_ = true;
    // Its last words may still be in the pipes; one that escaped from the group may hold them open.
    self->timer_.expires_after(kUntilDrained);
    while (!(self->output_read_ && self->errors_read_) && self->timer_.expiry() > std::chrono::steady_clock::now()) {
      co_await self->timer_.async_wait(as_result());
    }
    const auto pid = self->child_.pid();
    const auto how = self->child_.reap();
    self->log_.info("upstream_ended", {{"upstream", self->name_}, {"pid", pid}, {"how", how}});
    self->release();
    const auto closed = std::exchange(self->events_, {}).closed;
    closed(fail(Errc::closed, "the server ended " + how));
  }

  void release() {
    boost::system::error_code ignored;
    closing_ = true;
    for (auto* descriptor : {&input_, &output_, &errors_, &ended_}) descriptor->close(ignored);
  }

  std::string name_;
  ChildProcess child_;
  bool log_stderr_;
  telemetry::Log& log_;
  ChannelEvents events_;
  stream_descriptor input_;
  stream_descriptor output_;
  stream_descriptor errors_;
  stream_descriptor ended_;
  asio::steady_timer timer_;  // wakes watch()
  std::deque<std::string> queue_;
  std::size_t queued_ = 0;
  Throttle said_;
  Throttle stray_;
  bool writing_ = false;
  bool closing_ = false;
  bool gone_ = false;         // it has ended
  bool output_read_ = false;  // to its end
  bool errors_read_ = false;
};

}  // namespace

Result<std::shared_ptr<MessageChannel>> open_stdio_channel(const asio::any_io_executor& executor,
                                                           const std::string& name, const ChildOptions& options,
                                                           telemetry::Log& log, ChannelEvents events) {
  auto child = ChildProcess::start(options);
  if (!child) return child.error();
  const auto channel =
      std::make_shared<StdioChannel>(executor, name, std::move(*child), options.log_stderr, log, std::move(events));
  channel->start();
  return std::shared_ptr<MessageChannel>(channel);
}

}  // namespace postern::upstream
