#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/stream.hpp"
#include "upstream/duplex/links/answer_budget.hpp"

namespace postern::upstream {

// The head of an answer made here.
struct AnswerHead {
  int status = 200;
  std::string type{};                   // media type; empty: no body
  std::string session{};                // Mcp-Session-Id; empty: none
  std::string allow{};                  // of a 405
  int retry_after = 0;                  // seconds; 0: none
  std::optional<std::size_t> length{};  // of a body that is there as a whole
};

// What wakes a reader; made and used on its worker's thread. Apart from the pipe, because the hub may hold a pipe
// longer than the worker lives.
using Waker = boost::asio::steady_timer;

// One answer on its way from the hub's thread to a worker's: its head, then bytes as they come, then its end. Bounded:
// a reader that does not keep up, or that there is no memory for, loses its stream. Thread-safe; the parts below say
// who calls what.
class AnswerPipe {
 public:
  // `budget`: from which the place for its bytes is taken, on behalf of `user`.
  AnswerPipe(const std::shared_ptr<Waker>& waker, std::shared_ptr<AnswerBudget> budget, std::string user);
  ~AnswerPipe();
  AnswerPipe(const AnswerPipe&) = delete;
  AnswerPipe& operator=(const AnswerPipe&) = delete;

  // For the hub. All but the first head, and everything after the end, is ignored.
  void begin(AnswerHead head);
  void push(std::string bytes);
  void finish();
  void fail(Error why);
  // The end of what has begun; of what has not, that it will not.
  void end(Error why);
  // The whole answer.
  void answer(AnswerHead head, std::string body);
  // True once the reader has left, or fell too far behind.
  bool abandoned() const;

  // For the worker. The pipe must stay while one of them waits.
  net::awaitable<Result<AnswerHead>> wait_for_head(Waker& waker, net::SteadyTime deadline);
  // The next bytes; empty at the end.
  net::awaitable<Result<std::string>> next(Waker& waker);
  // Bytes at hand, without waiting.
  Result<std::string> take();
  bool at_end() const;
  // Nobody reads any more; what waits ends with `cancelled`. Tells the hub through `on_abandon`, once.
  void abandon();
  // Set before the pipe is shared; called on the thread that abandons.
  void on_abandon(std::function<void()> act) { on_abandon_ = std::move(act); }

 private:
  static constexpr std::size_t kMost = 32 * 1024 * 1024;

  std::string take_locked();
  bool hold_locked(std::size_t bytes);
  void drop_locked();
  void wake_locked();

  mutable std::mutex mutex_;
  boost::asio::any_io_executor reader_;
  std::weak_ptr<Waker> waker_;
  std::function<void()> on_abandon_;
  std::optional<AnswerHead> head_;
  std::deque<std::string> parts_;
  std::size_t waiting_ = 0;  // bytes of them
  std::size_t reading_ = 0;  // bytes that the reader has, until it wants more
  std::shared_ptr<AnswerBudget> budget_;
  std::string user_;
  std::size_t held_ = 0;  // bytes of the budget
  std::optional<Error> error_;
  bool begun_ = false;
  bool finished_ = false;
  bool abandoned_ = false;
};

}  // namespace postern::upstream
