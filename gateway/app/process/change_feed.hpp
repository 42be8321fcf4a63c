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

// Follows what other processes, such as commands, change in the store and applies it here within a
// second; changes of this process come through the store's own listener before their answer is sent.
class ChangeFeed {
 public:
  enum class Lost : std::uint8_t {
    unreadable,  // the store cannot be read: what is cached may be stale until it can
    unseen,      // changes are gone that were never seen: what was begun before may not be allowed any more
  };
  using Apply = std::function<void(const std::vector<store::Change>&)>;

  // Both run on the feed's thread. What is changed from the constructor's return on is seen.
  ChangeFeed(store::Store& store, telemetry::Log& log, Apply apply, std::function<void(Lost)> lost);
  ~ChangeFeed();
  ChangeFeed(const ChangeFeed&) = delete;
  ChangeFeed& operator=(const ChangeFeed&) = delete;

 private:
  void follow();
  bool poll();  // whether there may be more
  void begin_anew(const Error& why);

  store::Store& store_;
  telemetry::Log& log_;
  Apply apply_;
  std::function<void(Lost)> lost_;
  std::int64_t newest_ = 0;
  bool failing_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace postern::app
