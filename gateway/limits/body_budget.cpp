#include "limits/body_budget.hpp"

#include <algorithm>
#include <array>

#include "base/network.hpp"
#include "base/text_room.hpp"

namespace postern::limits {

std::vector<std::string> Payer::path() const {
  if (principal) return {principal->tenant, principal->tenant + '\n' + principal->user};
  return address.empty() ? std::vector<std::string>() : networks_of(address);
}

bool BodyBudget::is_within_shares(std::size_t bytes, std::size_t limit, const std::vector<std::string>& path) const {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto found = held_.find(path[i]);
    const auto held = found == held_.end() ? 0 : found->second;
    const auto share = limit >> (i + 1);
    const auto left_for_others = limit >> (1 + path.size() - i);
    if (held + bytes > share && taken_ + bytes > limit - left_for_others) return false;
  }
  return true;
}

bool BodyBudget::take_if(bool granted, std::size_t bytes, const std::vector<std::string>& path) {
  if (!granted) return false;
  taken_ += bytes;
  for (const auto& name : path) held_[name] += bytes;
  return true;
}

bool BodyBudget::take(std::size_t bytes, std::size_t held, std::size_t limit, const Payer& payer) {
  const auto path = payer.path();
  const std::lock_guard lock(mutex_);
  const bool fits = taken_ + bytes <= limit;
  return take_if(fits && (taken_ == held || is_within_shares(bytes, limit, path)), bytes, path);
}

bool BodyBudget::take_to_work(std::size_t bytes, std::size_t held, std::size_t limit, const Payer& payer) {
  const auto path = payer.path();
  const std::lock_guard lock(mutex_);
  const bool fits = taken_ + bytes <= limit;
  return take_if(taken_ == held || (fits && is_within_shares(bytes, limit, path)), bytes, path);
}

void BodyBudget::give(std::size_t bytes, const Payer& payer) {
  const auto path = payer.path();
  const std::lock_guard lock(mutex_);
  taken_ -= bytes;
  for (const auto& name : path) {
    const auto held = held_.find(name);
    if (held == held_.end()) continue;
    held->second -= bytes;
    if (held->second == 0) held_.erase(held);
  }
}

bool append_counted(std::string& text, std::string_view bytes, std::size_t most, BodyShare& share) {
  const auto needed = text.size() + bytes.size();
  if (needed > BodyShare::kFree) {
    // Room for more saves copies, but must not cost a text its place that just fits.
    const auto ample = next_capacity(text, bytes.size(), most);
    const auto some = std::min(ample, needed + needed / 8);
    const auto granted = [&share](std::size_t room) { return share.grow_to(room); };
    const std::array rooms{ample, some, needed};
    const auto* const room = std::ranges::find_if(rooms, granted);
    if (room == rooms.end()) return false;
    reserve_exactly(text, *room);
  }
  text += bytes;
  return true;
}

}  // namespace postern::limits
