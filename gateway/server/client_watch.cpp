#include "server/client_watch.hpp"

namespace postern::server {

ClientWatch::ClientWatch(Connection& connection, std::function<void()> gone)
    : connection_(connection), gone_(std::move(gone)), background_(connection.stream().executor()) {}

void ClientWatch::start() {
  connection_.stream().read_deadline(net::kNoDeadline);
  background_.start(watch());
}

awaitable<void> ClientWatch::watch() {
  while (!stopping_) {
    const auto space = connection_.input().space();
    if (space.empty()) co_return;  // the client pipelines more than fits: it will be read later
    const auto got = co_await connection_.stream().read_some(space);
    if (got && *got > 0) {
      connection_.input().received(*got);
      continue;
    }
    if (stopping_) co_return;
    client_gone_ = true;
    connection_.no_keep_alive();
    gone_();
    co_return;
  }
}

awaitable<void> ClientWatch::stop() {
  stopping_ = true;
  if (background_.running()) connection_.stream().cancel_read();
  co_await background_.join();
}

}  // namespace postern::server
