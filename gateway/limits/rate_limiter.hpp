#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/config.hpp"

namespace postern::limits {

class RateLimiter;

// How long and how many may wait for their turn rather than be refused.
struct QueueLimits {
  std::chrono::steady_clock::duration longest{};
  std::size_t of_one_key = 0;
  std::size_t in_all = 0;
};

// A place in the queue of one key's calls, or the refusal of one. The holder waits until at() and then calls take(). A
// turn that is destroyed without take() is given back if it was the last one given out; otherwise it is lost, because
// the turns behind it already have their times. Belongs to one thread; the limiter must outlive it.
class Turn {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Turn(Turn&& other) noexcept;
  Turn& operator=(Turn&& other) noexcept;  // swaps
  ~Turn();

  explicit operator bool() const noexcept { return retry_after_ == 0; }
  int retry_after() const noexcept { return retry_after_; }  // of a refusal, in whole seconds
  Time at() const noexcept { return at_; }
  bool waits() const noexcept { return limiter_ != nullptr; }
  void take() noexcept;

 private:
  friend class RateLimiter;
  Turn(Time at, int retry_after) : at_(at), retry_after_(retry_after) {}

  Time at_;
  int retry_after_;
  RateLimiter* limiter_ = nullptr;  // of a turn that waits
  std::string key_;
  std::uint64_t number_ = 0;
};

// Token buckets by key. Thread-safe. Bounded: a shard without room forgets buckets that have filled up again, which
// loses nothing, and then refuses new keys. The rate is given with each call, so that a changed one counts at once,
// with what each key has used. While the rate stays the same, no key gets more than its burst and its rate, even when
// calls wait and leave.
class RateLimiter {
 public:
  using Time = Turn::Time;

  explicit RateLimiter(std::size_t capacity = 100'000);

  // 0 when the key may go on, else the seconds to wait (for Retry-After).
  int take(std::string_view key, Time now, const config::Rate& rate);
  // Returns a token that was taken for something that did not happen.
  void give_back(std::string_view key, const config::Rate& rate);
  // The next turn of the key, at once or within `limits`. Turns of one key come in the order in which they were asked
  // for, while the rate stays the same.
  Turn reserve(std::string_view key, Time now, const config::Rate& rate, const QueueLimits& limits);

 private:
  friend class Turn;
  struct Bucket {
    double tokens;  // negative: turns given out ahead of time
    Time at;
    std::size_t waiting = 0;
    std::uint64_t last = 0;  // the number of the turn that was given last
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Bucket> buckets;
  };
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(std::string_view key);
  Bucket* bucket_of(Shard& shard, std::string_view key, Time now, const config::Rate& rate) const;
  void leave(const std::string& key, std::uint64_t number, bool taken) noexcept;

  std::size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
  std::atomic<std::size_t> waiting_{0};
};

}  // namespace postern::limits
