#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "store/store.hpp"
#include "telemetry/log.hpp"

namespace postern::app {

// Follows what other processes change in the store (the command line, other replicas) and applies it here within a
// second; changes of this process come through the store's own listener before their answer is sent.
class ChangeFeed {
 public:
  using Apply = std::function<void(const std::vector<store::Change>&)>;

  // `apply` runs on the feed's thread; `lost` when changes could not be read, since what is cached may be stale then.
  ChangeFeed(store::Store& store, telemetry::Log& log, Apply apply, std::function<void()> lost);
  ~ChangeFeed();
  ChangeFeed(const ChangeFeed&) = delete;
  ChangeFeed& operator=(const ChangeFeed&) = delete;

 private:
  void follow();
  bool poll();  // whether there may be more

  store::Store& store_;
  telemetry::Log& log_;
  Apply apply_;
  std::function<void()> lost_;
  std::int64_t newest_ = 0;
  bool failing_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace postern::app
