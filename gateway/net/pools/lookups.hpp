#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "base/result.hpp"
#include "net/pools/offload.hpp"

namespace postern::net {

using Resolve = std::function<Result<std::vector<boost::asio::ip::address>>(const std::string& host)>;

// Look-ups of names with a deadline. The system's resolver cannot be interrupted while a name server is silent, so each
// runs on a thread of a bounded pool, and the caller goes on at the deadline, whether that thread is back or not.
// The threads are shared fairly between those that the look-ups are for. Thread-safe. Goes when the threads are back.
class Lookups {
 public:
  struct Bounds {
    std::size_t threads = 1;
    std::size_t of_group = 1;  // of them, for one group (FairQueue::Path): what one of silent name servers can hold
    std::chrono::milliseconds deadline{};
  };

  // `resolve` blocks: resolve_blocking, except in tests.
  Lookups(std::string name, Resolve resolve, Bounds bounds);

  // Blocks until the deadline at most. Errors: those of `resolve`, timed_out, busy (too many wait), cancelled.
  Result<std::vector<boost::asio::ip::address>> find(const std::string& host, const FairQueue::Path& from = {});

  // Ends waiting look-ups and waits for those under way. As of OffloadPool.
  void stop() noexcept { pool_.stop(); }
  const OffloadPool& pool() const noexcept { return pool_; }

 private:
  Resolve resolve_;
  const std::chrono::milliseconds deadline_;
  OffloadPool pool_;
};

}  // namespace postern::net
