#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace postern::limits {

// The most checks that are under way in all, and for one user.
inline constexpr std::size_t kToolChecks = 32;
inline constexpr std::size_t kToolChecksOfOneUser = 4;

// Checks under way in the whole process of whether a grant's tools can be listed: one for each grant, `most_of_one` for
// each user, `most` in all. Thread-safe.
class ToolChecks {
 public:
  explicit ToolChecks(std::size_t most = kToolChecks, std::size_t most_of_one = kToolChecksOfOneUser) noexcept
      : most_(most), most_of_one_(most_of_one) {}

  bool enter(const std::string& grant) {
    const std::lock_guard lock(mutex_);
    return under_way_.size() < most_ && under_way_.try_emplace(grant).second;
  }
  // Records whose grant it is, once that is known; false if that user has as many under way as allowed.
  bool belongs_to(const std::string& user, const std::string& grant) {
    const std::lock_guard lock(mutex_);
    const auto theirs = std::ranges::count_if(under_way_, [&](const auto& check) { return check.second == user; });
    under_way_[grant] = user;
    return static_cast<std::size_t>(theirs) < most_of_one_;
  }
  void leave(const std::string& grant) {
    const std::lock_guard lock(mutex_);
    under_way_.erase(grant);
  }

 private:
  const std::size_t most_;
  const std::size_t most_of_one_;
  std::mutex mutex_;
  std::map<std::string, std::string> under_way_;  // the grant's user, "" until known
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
  bool belongs_to(const std::string& user) { return checks_.belongs_to(user, grant_); }

 private:
  ToolChecks& checks_;
  std::string grant_;
  bool held_;
};

}  // namespace postern::limits
