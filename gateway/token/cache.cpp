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
  shard.used.splice(shard.used.begin(), shard.used, found->second.place);
  return found->second.principal;
}

void TokenCache::insert(const crypto::Digest& hash, std::shared_ptr<const Principal> principal, Time now,
                        std::uint64_t generation) {
  const Time kept_until = std::min(principal->expires_at, now + max_age_);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  // Under the lock: a drop raises the generation before it visits this shard, so it either is seen here or removes what
  // is added here.
  if (generation != this->generation()) return;
  if (const auto found = shard.entries.find(hash); found != shard.entries.end()) erase(shard, found);
  if (shard.entries.size() >= shard_capacity_) erase(shard, shard.entries.find(shard.used.back()));
  shard.used.push_front(hash);
  shard.entries.emplace(hash, Entry{std::move(principal), kept_until, shard.used.begin()});
}

void TokenCache::drop_grant(std::string_view grant) {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (auto entry = shard.entries.begin(); entry != shard.entries.end();) {
      entry = entry->second.principal->grant == grant ? erase(shard, entry) : std::next(entry);
    }
  }
}

void TokenCache::drop_all() {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    shard.entries.clear();
    shard.used.clear();
  }
}

}  // namespace postern::token
