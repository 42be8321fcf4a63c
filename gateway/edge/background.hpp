#pragma once

#include <exception>
#include <memory>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace postern::edge {

// A coroutine that runs beside its owner on the same thread and is always joined before the owner's things go.
class Background {
 public:
  explicit Background(const boost::asio::any_io_executor& executor) : state_(std::make_shared<State>(executor)) {}

  void start(boost::asio::awaitable<void> work) {
    state_->running = true;
    boost::asio::co_spawn(state_->finished.get_executor(), std::move(work), [state = state_](std::exception_ptr error) {
      state->running = false;
      state->error = error;
      state->finished.cancel();
    });
  }

  bool running() const noexcept { return state_->running; }

  // Waits for the end; the caller has told the coroutine to end before. Rethrows what it threw (a bug).
  boost::asio::awaitable<void> join() {
    const auto state = state_;
    while (state->running) {
      state->finished.expires_at(boost::asio::steady_timer::time_point::max());
      co_await state->finished.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    if (state->error) std::rethrow_exception(std::exchange(state->error, nullptr));
  }

 private:
  struct State {
    explicit State(const boost::asio::any_io_executor& executor) : finished(executor) {}
    boost::asio::steady_timer finished;
    bool running = false;
    std::exception_ptr error;
  };

  std::shared_ptr<State> state_;
};

}  // namespace postern::edge
