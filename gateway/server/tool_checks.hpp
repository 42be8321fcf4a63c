#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace postern::server {

// The checks under way in the whole process whether tools can be listed: one for each grant, and so many at most.
// Thread-safe.
class ToolChecks {
 public:
  explicit ToolChecks(std::size_t most) noexcept : most_(most) {}

  bool enter(const std::string& grant) {
    const std::lock_guard lock(mutex_);
    return under_way_.size() < most_ && under_way_.insert(grant).second;
  }
  void leave(const std::string& grant) {
    const std::lock_guard lock(mutex_);
    under_way_.erase(grant);
  }

 private:
  const std::size_t most_;
  std::mutex mutex_;
  std::set<std::string> under_way_;
};

// One check's place, given back when it goes. `checks` must outlive it.
class ToolCheckPlace {
 public:
  ToolCheckPlace(ToolChecks& checks, std::string grant)
      : checks_(checks), grant_(std::move(grant)), held_(checks.enter(grant_)) {}
  ~ToolCheckPlace() {
    if (held_) checks_.leave(grant_);
  }
  ToolCheckPlace(const ToolCheckPlace&) = delete;
  ToolCheckPlace& operator=(const ToolCheckPlace&) = delete;

  explicit operator bool() const noexcept { return held_; }

 private:
  ToolChecks& checks_;
  std::string grant_;
  bool held_;
};

}  // namespace postern::server
