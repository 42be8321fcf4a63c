#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "token/principal.hpp"

namespace postern::limits {

// Whom bytes are counted for: a user within a tenant, or the networks of an address; nobody where neither is given.
struct Payer {
  std::shared_ptr<const token::Principal> principal{};
  std::string address{};

  // From the widest to the narrowest, each with those above it in its name.
  std::vector<std::string> path() const;
};

// Bytes that the bodies of requests and answers may take in the whole process at once, with all that is made of them:
// what keeps many clients that send slowly, and servers that answer much, each within its own limit, from filling the
// memory together. Nobody fills it alone: of the path of a payer the first may hold half, each further one half of
// that; beyond its share it gets only what leaves some for others, a quarter at the narrowest and half as much at each
// wider one. So a user leaves room for the others of the tenant, and these for other tenants. Thread-safe.
class BodyBudget {
 public:
  // Takes `bytes` of `limit` for a share that already holds `held`; false if refused. While nobody else holds anything
  // it gets all there is, or a body of a size that the limits allow could never be read where the budget is small.
  bool take(std::size_t bytes, std::size_t held, std::size_t limit, const Payer& payer = {});
  // The same for work on what is held, which gets even more than `limit` while nobody else holds anything.
  bool take_to_work(std::size_t bytes, std::size_t held, std::size_t limit, const Payer& payer = {});
  void give(std::size_t bytes, const Payer& payer = {});

 private:
  bool is_within_shares(std::size_t bytes, std::size_t limit, const std::vector<std::string>& path) const;
  bool take_if(bool granted, std::size_t bytes, const std::vector<std::string>& path);

  std::mutex mutex_;
  std::size_t taken_ = 0;
  std::unordered_map<std::string, std::size_t> held_;  // by the names of paths; those that hold something
};

// What bodies of endpoints, and of strangers, may take together: apart, so that these never cost a call its place.
inline constexpr std::size_t kEndpointBodies = 32 * 1024 * 1024;  // bytes

// One body's share, given back when it goes. A small body needs none, so that ordinary calls are served while others
// hold the whole budget. The budget must outlive it. Used by one thread at a time.
class BodyShare {
 public:
  static constexpr std::size_t kFree = 16 * 1024;  // bytes; bounded by the number of connections
  // The same for a body together with what is made of it.
  static constexpr std::size_t kFreeWork = 4 * kFree;

  BodyShare() = default;
  // Of `limit` bytes, which all that take from the budget have together.
  BodyShare(BodyBudget& budget, std::size_t limit, Payer payer = {}) noexcept
      : budget_(&budget), limit_(limit), payer_(std::move(payer)) {}
  BodyShare(BodyShare&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)),
        limit_(other.limit_),
        payer_(std::move(other.payer_)),
        held_(std::exchange(other.held_, 0)) {}
  BodyShare& operator=(BodyShare&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(limit_, other.limit_);
    std::swap(payer_, other.payer_);
    std::swap(held_, other.held_);
    return *this;
  }
  ~BodyShare() {
    if (budget_ != nullptr && held_ > 0) budget_->give(held_, payer_);
  }

  // False when the budget does not allow a body of that size now.
  bool grow_to(std::size_t size) {
    if (size <= kFree || size <= held_) return true;
    if (!budget_->take(size - held_, held_, limit_, payer_)) return false;
    held_ = size;
    return true;
  }
  // `size`: of the body and of what is made of it for a while, such as its parsed form and copies. False when the
  // budget does not allow that now; the share is as large as before.
  bool grow_to_work(std::size_t size) {
    if (size <= kFreeWork || size <= held_) return true;
    if (!budget_->take_to_work(size - held_, held_, limit_, payer_)) return false;
    held_ = size;
    return true;
  }
  // Gives back what it holds beyond `size`.
  void shrink_to(std::size_t size) {
    if (size <= kFree) size = 0;
    if (size >= held_) return;
    budget_->give(held_ - size, payer_);
    held_ = size;
  }

 private:
  BodyBudget* budget_ = nullptr;
  std::size_t limit_ = 0;
  Payer payer_;
  std::size_t held_ = 0;
};

// Appends to a text that may become `most` bytes long. What is counted is all that the text takes, with the room that
// it keeps for more. False when the budget does not allow that now; the text is as before.
bool append_counted(std::string& text, std::string_view bytes, std::size_t most, BodyShare& share);

}  // namespace postern::limits
