#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "crypto/hash.hpp"
#include "token/principal.hpp"

namespace postern::token {

// Verified access tokens by their SHA-256, shared by all workers. Thread-safe; a look-up holds the lock of one shard
// for a hash probe. An entry lives until the token's end, for at most `max_age`, until a change in the store touches
// it, or until it is the least recently used one of a full shard.
class TokenCache {
 public:
  TokenCache(std::size_t capacity, Duration max_age);

  // nullptr: ask the store.
  std::shared_ptr<const Principal> find(const crypto::Digest& hash, Time now);

  // Taken before the store is asked and handed to insert(): what was read before a revocation is not kept after it.
  std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }
  void insert(const crypto::Digest& hash, std::shared_ptr<const Principal> principal, Time now,
              std::uint64_t generation);

  // These visit every entry: for changes, which are rare.
  void drop_grant(std::string_view grant);
  void drop_all();

 private:
  struct DigestHash {
    std::size_t operator()(const crypto::Digest& digest) const noexcept;
  };
  struct Entry {
    std::shared_ptr<const Principal> principal;
    Time kept_until{};
    std::list<crypto::Digest>::iterator place;
  };
  using Entries = std::unordered_map<crypto::Digest, Entry, DigestHash>;
  struct Shard {
    std::mutex mutex;
    Entries entries;
    std::list<crypto::Digest> used;  // most recently used first
  };
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(const crypto::Digest& hash) noexcept { return shards_[hash[31] % kShards]; }
  static Entries::iterator erase(Shard& shard, Entries::iterator entry);

  std::array<Shard, kShards> shards_;
  const std::size_t shard_capacity_;
  const Duration max_age_;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace postern::token
