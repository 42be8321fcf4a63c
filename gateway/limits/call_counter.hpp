#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace postern::limits {

// Calls and streams under way by user, in the whole process: what keeps one user from holding every connection to a
// server behind. Thread-safe.
class CallCounter {
 public:
  // `most`: how many the user may have.
  bool enter(const std::string& user, std::size_t most) {
    const std::lock_guard lock(mutex_);
    auto& count = users_[user];
    if (count >= most) return false;
    ++count;
    return true;
  }
  void leave(const std::string& user) {
    const std::lock_guard lock(mutex_);
    const auto found = users_.find(user);
    if (found != users_.end() && --found->second == 0) users_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> users_;
};

// One call's place, given back when it goes. The counter must outlive it.
class CallPlace {
 public:
  CallPlace(CallCounter& counter, std::string user, std::size_t most)
      : counter_(counter), user_(std::move(user)), held_(counter.enter(user_, most)) {}
  ~CallPlace() {
    if (held_) counter_.leave(user_);
  }
  CallPlace(const CallPlace&) = delete;
  CallPlace& operator=(const CallPlace&) = delete;

  explicit operator bool() const noexcept { return held_; }

 private:
  CallCounter& counter_;
  std::string user_;
  bool held_;
};

}  // namespace postern::limits
