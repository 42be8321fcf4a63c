#include "token/cache.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace postern::token {

std::size_t TokenCache::DigestHash::operator()(const crypto::Digest& digest) const noexcept {
  // The bytes of a SHA-256 are spread evenly already.
  std::size_t value;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

TokenCache::TokenCache(std::size_t capacity, Duration max_age)
    : shard_capacity_(std::max<std::size_t>(1, (capacity + kShards - 1) / kShards)), max_age_(max_age) {}

TokenCache::Entries::iterator TokenCache::erase(Shard& shard, Entries::iterator entry) {
  shard.used.erase(entry->second.place);
  return shard.entries.erase(entry);
}

std::shared_ptr<const Principal> TokenCache::find(const crypto::Digest& hash, Time now) {
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(hash);
  if (found == shard.entries.end()) return nullptr;
  if (found->second.kept_until <= now) {
    erase(shard, found);
    return nullptr;
  }
  if (is_being_dropped(hash, *found->second.principal)) return nullptr;
  shard.used.splice(shard.used.begin(), shard.used, found->second.place);
  return found->second.principal;
}

void TokenCache::insert(const crypto::Digest& hash, std::shared_ptr<const Principal> principal, Time now,
                        std::uint64_t generation) {
  const Time kept_until = std::min(principal->expires_at, now + max_age_);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  // Under the lock: a drop marks what it touches before it visits this shard, so it either is seen here or removes what
  // is added here.
  if (changed_since(generation, hash, *principal)) return;
  if (const auto found = shard.entries.find(hash); found != shard.entries.end()) erase(shard, found);
  if (shard.entries.size() >= shard_capacity_) erase(shard, shard.entries.find(shard.used.back()));
  shard.used.push_front(hash);
  shard.entries.emplace(hash, Entry{std::move(principal), kept_until, shard.used.begin()});
}

// An entry that a drop has not come to yet must not be found by a thread that has read the new generation already:
// nothing later would tell it that the entry was out of date. Asked under the shard's lock, so that no entry of an
// ended drop is left.
bool TokenCache::is_being_dropped(const crypto::Digest& hash, const Principal& principal) const noexcept {
  const std::uint64_t begun = dropping_.load(std::memory_order_acquire);
  return begun != 0 && changed_since(begun - 1, hash, principal);
}

void TokenCache::erase_token(const crypto::Digest& hash) {
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.entries.find(hash); found != shard.entries.end()) erase(shard, found);
}

void TokenCache::erase_touched(const Touched& touched) {
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (auto entry = shard.entries.begin(); entry != shard.entries.end();) {
      const bool gone = touched.has(entry->first, *entry->second.principal);
      entry = gone ? erase(shard, entry) : std::next(entry);
    }
  }
}

void TokenCache::drop(const Touched& touched) {
  const bool only_tokens = touched.only_tokens();
  if (only_tokens && touched.tokens.empty()) return;
  // The thread that writes to the store and the one that follows other processes both come here.
  const std::lock_guard one_at_a_time(dropping_mutex_);
  dropping_.store(generation() + 1, std::memory_order_release);
  stamps_.raise(touched);
  if (only_tokens) {
    for (const auto& token : touched.tokens) erase_token(token);
  } else {
    erase_touched(touched);
  }
  dropping_.store(0, std::memory_order_release);
}

void TokenCache::drop_all() {
  Touched touched;
  touched.everything = true;
  drop(touched);
}

}  // namespace postern::token
