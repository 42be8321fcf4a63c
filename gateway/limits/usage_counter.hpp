#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/store.hpp"

namespace postern::limits {

// Uses of each grant, counted in memory and brought to the store from time to time, so that no call costs a
// write. Thread-safe; counting holds the lock of one shard for a hash probe. Bounded: what finds its shard full is not
// counted.
class UsageCounter {
 public:
  explicit UsageCounter(std::size_t capacity = 100'000);

  // `call`: a call that was let through, rather than a stream or a notification.
  void count(std::string_view grant, bool call, Time now);
  // Everything counted since the last time, in no order.
  std::vector<store::GrantUse> take();
  // What could not be brought to the store counts again.
  void give_back(const std::vector<store::GrantUse>& uses);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, store::GrantUse, Hash, std::equal_to<>> today;  // by grant
    std::vector<store::GrantUse> before;                                            // of days that are over
  };
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(std::string_view grant) noexcept { return shards_.at(Hash{}(grant) % kShards); }
  bool has_room(const Shard& shard) const noexcept { return shard.today.size() + shard.before.size() < each_; }
  void add(Shard& shard, const store::GrantUse& use) const;

  std::size_t each_;
  std::array<Shard, kShards> shards_;
};

// Brings what was counted to the store, in steps between which other writes run. On an error nothing is lost.
Result<void> flush(UsageCounter& counter, store::UsageStore& store);

}  // namespace postern::limits
