#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace postern::limits {

// What is under way in the whole process, by key: calls and streams by user and tenant, so that one user cannot hold
// every connection to an upstream; fetches by network. Thread-safe.
class CallCounter {
 public:
  // `most`: how many one key may have.
  bool enter(const std::string& key, std::size_t most) {
    const std::lock_guard lock(mutex_);
    auto& count = under_way_[key];
    if (count >= most) return false;
    ++count;
    return true;
  }
  void leave(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = under_way_.find(key);
    if (found != under_way_.end() && --found->second == 0) under_way_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> under_way_;
};

// One call's place, given back when it goes. The counter must outlive it.
class CallPlace {
 public:
  CallPlace(CallCounter& counter, std::string key, std::size_t most)
      : counter_(counter), key_(std::move(key)), held_(counter.enter(key_, most)) {}
  ~CallPlace() {
    if (held_) counter_.leave(key_);
  }
  CallPlace(const CallPlace&) = delete;
  CallPlace& operator=(const CallPlace&) = delete;

  explicit operator bool() const noexcept { return held_; }

 private:
  CallCounter& counter_;
  std::string key_;
  bool held_;
};

}  // namespace postern::limits
