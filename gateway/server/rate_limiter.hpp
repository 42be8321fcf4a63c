#pragma once

#include <array>
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/config.hpp"

namespace postern::server {

// Token buckets by key. Thread-safe. Bounded: a shard that is full forgets the buckets that are full again, which loses
// nothing, and then refuses to track more keys rather than grow.
class RateLimiter {
 public:
  RateLimiter(config::Rate rate, std::size_t capacity = 100'000);

  // 0 when the key may go on, else the seconds to wait (for Retry-After).
  int take(std::string_view key, std::chrono::steady_clock::time_point now);

 private:
  struct Bucket {
    double tokens;
    std::chrono::steady_clock::time_point at;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Bucket> buckets;
  };
  static constexpr std::size_t kShards = 16;

  double refilled(const Bucket& bucket, std::chrono::steady_clock::time_point now) const noexcept;
  void forget_full(Shard& shard, std::chrono::steady_clock::time_point now);

  config::Rate rate_;
  std::size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

// The budgets of the design, each with its own key: calls by user and tenant once they are known; endpoints by
// address, generously, since a hosted client reaches us from one address for many users.
struct RateLimiters {
  explicit RateLimiters(const config::Limits& limits)
      : call(limits.call),
        token(limits.token),
        register_(limits.register_),
        sign_in(limits.sign_in),
        authorize(limits.authorize) {}

  RateLimiter call;
  RateLimiter token;
  RateLimiter register_;
  RateLimiter sign_in;
  RateLimiter authorize;
};

}  // namespace postern::server
