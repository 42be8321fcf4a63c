#include "edge/http1/connection.hpp"

namespace postern::edge {

void Connection::watch(std::function<void()> gone) {
  gone_ = std::move(gone);
  watching_ = true;
  client_gone_ = false;
  stream_->read_deadline(net::kNoDeadline);
  watcher_.start(wait_for_the_end());
}

// Bytes that the client sends meanwhile are of its next request, and wait in the buffer.
awaitable<void> Connection::wait_for_the_end() {
  while (watching_) {
    const auto space = input_.space();
    if (space.empty()) co_return;  // the client pipelines more than fits: it will be read later
    const auto got = co_await stream_->read_some(space);
    if (got && *got > 0) {
      input_.received(*got);
      continue;
    }
    if (!watching_) co_return;
    client_gone_ = true;
    keep_alive_ = false;
    gone_();
    co_return;
  }
}

awaitable<bool> Connection::unwatch() {
  watching_ = false;
  if (watcher_.running()) stream_->cancel_read();
  co_await watcher_.join();
  gone_ = nullptr;
  co_return client_gone_;
}

}  // namespace postern::edge
