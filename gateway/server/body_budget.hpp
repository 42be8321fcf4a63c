#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace postern::server {

// Bytes of request bodies that the whole process may hold at once: what keeps many clients that send slowly, each
// within its own limit, from filling the memory together. Thread-safe.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t bytes) noexcept : left_(static_cast<std::ptrdiff_t>(bytes)) {}

  bool take(std::size_t bytes) noexcept {
    const auto wanted = static_cast<std::ptrdiff_t>(bytes);
    if (left_.fetch_sub(wanted, std::memory_order_relaxed) >= wanted) return true;
    give(bytes);
    return false;
  }
  void give(std::size_t bytes) noexcept {
    left_.fetch_add(static_cast<std::ptrdiff_t>(bytes), std::memory_order_relaxed);
  }

 private:
  std::atomic<std::ptrdiff_t> left_;
};

// One body's share, given back when it goes. A small body needs none, so that ordinary calls are served while others
// hold the whole budget. The budget must outlive it.
class BodyShare {
 public:
  static constexpr std::size_t kFree = 16 * 1024;  // bytes; bounded by the number of connections

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

 private:
  BodyBudget* budget_ = nullptr;
  std::size_t held_ = 0;
};

}  // namespace postern::server
