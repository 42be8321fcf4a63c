#include "limits/rate_limiter.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace postern::limits {
namespace {

// RFC 9110 section 10.2.3: whole seconds; 0 would mean no wait.
int whole_seconds(std::chrono::duration<double> wait) noexcept {
  return std::max(1, static_cast<int>(std::ceil(wait.count())));
}

// What a bucket that held `tokens` at `at` holds now. Callers read the clock before they have the lock, so `now` may be
// a little before the last time.
double refilled(double tokens, Turn::Time at, Turn::Time now, const config::Rate& rate) noexcept {
  const double passed = std::max(0.0, std::chrono::duration<double>(now - at).count());
  return std::min(rate.burst, tokens + passed * rate.per_second);
}

std::chrono::duration<double> until_next(double tokens, const config::Rate& rate) noexcept {
  return std::chrono::duration<double>(std::max(0.0, 1 - tokens) / std::max(rate.per_second, 1e-6));
}

}  // namespace

Turn::Turn(Turn&& other) noexcept
    : at_(other.at_),
      retry_after_(other.retry_after_),
      limiter_(std::exchange(other.limiter_, nullptr)),
      key_(std::move(other.key_)),
      number_(other.number_) {}

Turn& Turn::operator=(Turn&& other) noexcept {
  std::swap(at_, other.at_);
  std::swap(retry_after_, other.retry_after_);
  std::swap(limiter_, other.limiter_);
  std::swap(key_, other.key_);
  std::swap(number_, other.number_);
  return *this;
}

Turn::~Turn() {
  if (limiter_ != nullptr) limiter_->leave(key_, number_, false);
}

void Turn::take() noexcept {
  if (limiter_ != nullptr) std::exchange(limiter_, nullptr)->leave(key_, number_, true);
}

RateLimiter::RateLimiter(std::size_t capacity) : shard_capacity_(capacity / kShards) {}

RateLimiter::Shard& RateLimiter::shard_of(std::string_view key) {
  return shards_[std::hash<std::string_view>{}(key) % kShards];
}

RateLimiter::Bucket* RateLimiter::bucket_of(Shard& shard, std::string_view key, Time now,
                                            const config::Rate& rate) const {
  const auto forget_full = [&] {
    std::erase_if(shard.buckets, [&](const auto& entry) {
      const auto& bucket = entry.second;
      return bucket.waiting == 0 && refilled(bucket.tokens, bucket.at, now, rate) >= rate.burst;
    });
  };
  auto found = shard.buckets.find(std::string(key));
  if (found == shard.buckets.end()) {
    if (shard.buckets.size() >= shard_capacity_) forget_full();
    if (shard.buckets.size() >= shard_capacity_) return nullptr;
    found = shard.buckets.emplace(std::string(key), Bucket{.tokens = rate.burst, .at = now}).first;
  }
  auto& bucket = found->second;
  bucket.tokens = refilled(bucket.tokens, bucket.at, now, rate);
  bucket.at = std::max(bucket.at, now);
  return &bucket;
}

int RateLimiter::take(std::string_view key, Time now, const config::Rate& rate) {
  auto& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  auto* bucket = bucket_of(shard, key, now, rate);
  if (bucket == nullptr) return 1;
  if (bucket->tokens < 1) return whole_seconds(until_next(bucket->tokens, rate));
  bucket->tokens -= 1;
  return 0;
}

void RateLimiter::give_back(std::string_view key, const config::Rate& rate) {
  auto& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.buckets.find(std::string(key));
  // One that is not tracked any more was full.
  if (found != shard.buckets.end()) found->second.tokens = std::min(rate.burst, found->second.tokens + 1);
}

Turn RateLimiter::reserve(std::string_view key, Time now, const config::Rate& rate, const QueueLimits& limits) {
  auto& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  auto* bucket = bucket_of(shard, key, now, rate);
  if (bucket == nullptr) return {now, 1};
  const auto wait = until_next(bucket->tokens, rate);
  if (wait.count() <= 0) {
    bucket->tokens -= 1;
    return {now, 0};
  }
  const bool too_far = wait > limits.longest || bucket->waiting >= limits.of_one_key;
  if (too_far || waiting_.fetch_add(1, std::memory_order_relaxed) >= limits.in_all) {
    if (!too_far) waiting_.fetch_sub(1, std::memory_order_relaxed);
    return {now, whole_seconds(wait)};
  }
  bucket->tokens -= 1;
  ++bucket->waiting;
  Turn turn(bucket->at + std::chrono::ceil<Time::duration>(wait), 0);
  turn.limiter_ = this;
  turn.key_ = key;
  turn.number_ = ++bucket->last;
  return turn;
}

void RateLimiter::leave(const std::string& key, std::uint64_t number, bool taken) noexcept {
  auto& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  auto& bucket = shard.buckets.find(key)->second;  // kept while a call waits
  --bucket.waiting;
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  if (taken || number != bucket.last) return;
  bucket.tokens += 1;
  --bucket.last;
}

}  // namespace postern::limits
