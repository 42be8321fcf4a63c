#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "crypto/hash.hpp"
#include "token/principal.hpp"
#include "token/stamps.hpp"
#include "token/touched.hpp"

namespace postern::token {

// Verified access tokens by their SHA-256, shared by all workers. Thread-safe; a look-up holds the lock of one shard
// for a hash probe. An entry lives until the token's end, for at most `max_age`, until a change in the store touches
// it, or until it is the least recently used one of a full shard.
class TokenCache {
 public:
  TokenCache(std::size_t capacity, Duration max_age);

  // nullptr: ask the store.
  std::shared_ptr<const Principal> find(const crypto::Digest& hash, Time now);

  // Taken before the cache or the store is asked and handed to insert(): what was read before a change that touches it
  // is not kept after it.
  std::uint64_t generation() const noexcept { return stamps_.generation(); }
  void insert(const crypto::Digest& hash, std::shared_ptr<const Principal> principal, Time now,
              std::uint64_t generation);
  // Whether a change since that generation may touch what was read then. Takes no lock. Now and then true because of
  // somebody else's change; never false where one touches it.
  bool changed_since(std::uint64_t generation, const crypto::Digest& hash, const Principal& principal) const noexcept {
    return stamps_.changed_since(generation, hash, principal);
  }

  // Removes exactly the entries that are touched. From its beginning on none of them is found, and changed_since() is
  // true for what was read before. Single tokens cost a hash probe each; anything else visits every entry, once for all
  // that changed together.
  void drop(const Touched& touched);
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
  bool is_being_dropped(const crypto::Digest& hash, const Principal& principal) const noexcept;
  void erase_token(const crypto::Digest& hash);
  void erase_touched(const Touched& touched);

  std::array<Shard, kShards> shards_;
  const std::size_t shard_capacity_;
  const Duration max_age_;
  Stamps stamps_;
  std::mutex dropping_mutex_;
  std::atomic<std::uint64_t> dropping_{0};  // the generation that the drop under way begins; 0: there is none
};

}  // namespace postern::token
