#include "limits/usage_counter.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace postern::limits {
namespace {

constexpr std::size_t kUsesPerWrite = 1000;

Time day_of(Time now) { return std::chrono::floor<std::chrono::days>(now); }

}  // namespace

UsageCounter::UsageCounter(std::size_t capacity) : each_(std::max<std::size_t>(1, capacity / kShards)) {}

void UsageCounter::count(std::string_view grant, bool call, Time now) {
  if (grant.empty()) return;  // of a token that was made elsewhere
  Shard& shard = shard_of(grant);
  const Time day = day_of(now);
  const std::int64_t calls = call ? 1 : 0;
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.today.find(grant);
  if (found == shard.today.end() || found->second.day != day) {
    add(shard, {std::string(grant), day, calls, now});
    return;
  }
  found->second.calls += calls;
  found->second.last_used_at = std::max(found->second.last_used_at, now);
}

// Under the shard's lock.
void UsageCounter::add(Shard& shard, const store::GrantUse& use) const {
  const auto found = shard.today.find(use.grant);
  if (found != shard.today.end() && found->second.day == use.day) {
    found->second.calls += use.calls;
    found->second.last_used_at = std::max(found->second.last_used_at, use.last_used_at);
    return;
  }
  if (!has_room(shard)) return;
  if (found == shard.today.end()) {
    shard.today.emplace(use.grant, use);
  } else if (found->second.day < use.day) {
    shard.before.push_back(std::exchange(found->second, use));
  } else {
    shard.before.push_back(use);
  }
}

std::vector<store::GrantUse> UsageCounter::take() {
  std::vector<store::GrantUse> taken;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    std::move(shard.before.begin(), shard.before.end(), std::back_inserter(taken));
    for (auto& [grant, use] : shard.today) taken.push_back(std::move(use));
    shard.before.clear();
    shard.today.clear();
  }
  return taken;
}

void UsageCounter::give_back(const std::vector<store::GrantUse>& uses) {
  for (const auto& use : uses) {
    Shard& shard = shard_of(use.grant);
    const std::lock_guard lock(shard.mutex);
    add(shard, use);
  }
}

Result<void> flush(UsageCounter& counter, store::UsageStore& store) {
  auto uses = counter.take();
  while (!uses.empty()) {
    const auto from = uses.end() - static_cast<std::ptrdiff_t>(std::min(uses.size(), kUsesPerWrite));
    if (auto added = store.add({from, uses.end()}); !added) {
      counter.give_back(uses);
      return added;
    }
    uses.erase(from, uses.end());
  }
  return {};
}

}  // namespace postern::limits
