#include "proxy/rest/rest_state.hpp"

#include <algorithm>

namespace postern::proxy {

const rest::Tool* RestTools::find(std::string_view name) const noexcept {
  const auto found = std::ranges::lower_bound(tools, name, {}, &rest::Tool::name);
  return found != tools.end() && found->name == name ? &*found : nullptr;
}

RestToolsPtr RestToolCache::find(const std::string& key, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const auto entry = found->second;
  if (now - entry->tools->fetched >= kFresh) {
    erase(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->tools;
}

void RestToolCache::insert(const std::string& key, RestToolsPtr tools) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) erase(found->second);
  if (tools->bytes > most_bytes_) return;
  while (!entries_.empty() && (entries_.size() >= most_entries_ || bytes_ + tools->bytes > most_bytes_)) {
    erase(std::prev(entries_.end()));
  }
  bytes_ += tools->bytes;
  const auto fetched = tools->fetched;
  entries_.push_front({key, std::move(tools), fetched});
  by_key_[key] = entries_.begin();
}

bool RestToolCache::may_ask_anew(const std::string& key, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || now - found->second->asked < kSettled) return false;
  found->second->asked = now;
  return true;
}

void RestToolCache::forget_upstream(std::string_view upstream) {
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->tools->upstream == upstream) erase(entry);
    entry = next;
  }
}

std::size_t RestToolCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void RestToolCache::erase(Entries::iterator entry) {
  bytes_ -= entry->tools->bytes;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

RestHealth::State RestHealth::look(const std::string& upstream, Time now) {
  const std::lock_guard lock(mutex_);
  auto& entry = entries_[upstream];
  if (now < entry.until && entry.known) return entry.up ? State::up : State::down;
  // Others need not ask as well while this one does.
  entry.until = now + kFresh;
  return State::ask;
}

void RestHealth::set(const std::string& upstream, bool up, Time now) {
  const std::lock_guard lock(mutex_);
  entries_[upstream] = {up, true, now + kFresh};
}

}  // namespace postern::proxy
