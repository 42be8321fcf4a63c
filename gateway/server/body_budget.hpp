#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace postern::server {

// Bytes that the bodies of requests and answers may take in the whole process at once, with all that is made of them:
// what keeps many clients that send slowly, and servers that answer much, each within its own limit, from filling the
// memory together. Thread-safe.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t bytes) noexcept : limit_(bytes) {}

  bool take(std::size_t bytes) noexcept {
    if (taken_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit_) return true;
    give(bytes);
    return false;
  }
  // The same for who holds `held` already. Also granted where nobody else holds anything, or a body of a size that the
  // limits allow could never be worked on where the budget is small.
  bool take_more(std::size_t bytes, std::size_t held) noexcept {
    const auto before = taken_.fetch_add(bytes, std::memory_order_relaxed);
    if (before == held || before + bytes <= limit_) return true;
    give(bytes);
    return false;
  }
  void give(std::size_t bytes) noexcept { taken_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  std::size_t limit_;
  std::atomic<std::size_t> taken_ = 0;
};

// One body's share, given back when it goes. A small body needs none, so that ordinary calls are served while others
// hold the whole budget. The budget must outlive it. Used by one thread at a time.
class BodyShare {
 public:
  static constexpr std::size_t kFree = 16 * 1024;  // bytes; bounded by the number of connections
  // The same for a body together with what is made of it.
  static constexpr std::size_t kFreeWork = 4 * kFree;

  BodyShare() = default;
  explicit BodyShare(BodyBudget& budget) noexcept : budget_(&budget) {}
  BodyShare(BodyShare&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), held_(std::exchange(other.held_, 0)) {}
  BodyShare& operator=(BodyShare&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(held_, other.held_);
    return *this;
  }
  ~BodyShare() {
    if (budget_ != nullptr) budget_->give(held_);
  }

  // False when the budget does not allow a body of that size now.
  bool grow_to(std::size_t size) noexcept {
    if (size <= kFree || size <= held_) return true;
    if (!budget_->take(size - held_)) return false;
    held_ = size;
    return true;
  }
  // `size`: of the body and of what is made of it for a while, such as its parsed form and copies. False when the
  // budget does not allow that now; the share is as large as before.
  bool grow_to_work(std::size_t size) noexcept {
    if (size <= kFreeWork || size <= held_) return true;
    if (!budget_->take_more(size - held_, held_)) return false;
    held_ = size;
    return true;
  }
  // Gives back what is more.
  void shrink_to(std::size_t size) noexcept {
    if (size <= kFree) size = 0;
    if (size >= held_) return;
    budget_->give(held_ - size);
    held_ = size;
  }

 private:
  BodyBudget* budget_ = nullptr;
  std::size_t held_ = 0;
};

}  // namespace postern::server
