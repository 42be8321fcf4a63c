#include "server/rate_limiter.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace postern::server {

RateLimiter::RateLimiter(config::Rate rate, std::size_t capacity) : rate_(rate), shard_capacity_(capacity / kShards) {}

double RateLimiter::refilled(const Bucket& bucket, std::chrono::steady_clock::time_point now) const noexcept {
  const double passed = std::chrono::duration<double>(now - bucket.at).count();
  return std::min(rate_.burst, bucket.tokens + passed * rate_.per_second);
}

void RateLimiter::forget_full(Shard& shard, std::chrono::steady_clock::time_point now) {
  std::erase_if(shard.buckets, [&](const auto& entry) { return refilled(entry.second, now) >= rate_.burst; });
}

int RateLimiter::take(std::string_view key, std::chrono::steady_clock::time_point now) {
  auto& shard = shards_[std::hash<std::string_view>{}(key) % kShards];
  const std::lock_guard lock(shard.mutex);
  auto found = shard.buckets.find(std::string(key));
  if (found == shard.buckets.end()) {
    if (shard.buckets.size() >= shard_capacity_) forget_full(shard, now);
    if (shard.buckets.size() >= shard_capacity_) return 1;
    found = shard.buckets.emplace(std::string(key), Bucket{rate_.burst, now}).first;
  }
  auto& bucket = found->second;
  bucket.tokens = refilled(bucket, now);
  bucket.at = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return 0;
  }
  return static_cast<int>(std::ceil((1 - bucket.tokens) / std::max(rate_.per_second, 1e-6)));
}

}  // namespace postern::server
