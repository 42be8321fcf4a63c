#pragma once

#include <functional>

#include "server/background.hpp"
#include "server/connection.hpp"

namespace postern::server {

// Watches the client while the server behind works: when the client goes, what runs for it is ended at once. Bytes that
// arrive meanwhile (a pipelined request) are kept for later.
class ClientWatch {
 public:
  // `gone` is called at most once, on the worker's thread. Both must outlive the watch, which ends with stop().
  ClientWatch(Connection& connection, std::function<void()> gone);

  void start();
  awaitable<void> stop();
  bool client_gone() const noexcept { return client_gone_; }

 private:
  awaitable<void> watch();

  Connection& connection_;
  std::function<void()> gone_;
  Background background_;
  bool stopping_ = false;
  bool client_gone_ = false;
};

}  // namespace postern::server
