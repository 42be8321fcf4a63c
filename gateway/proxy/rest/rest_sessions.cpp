#include "proxy/rest/rest_sessions.hpp"

namespace postern::proxy {

std::optional<RestSession> RestSessions::find(const std::string& caller, Time now,
                                              std::chrono::steady_clock::duration idle) {
  const std::lock_guard lock(mutex_);
  const auto found = by_caller_.find(caller);
  if (found == by_caller_.end()) return std::nullopt;
  const auto entry = found->second;
  if (now - entry->used > idle) {
    entries_.erase(entry);
    by_caller_.erase(found);
    return std::nullopt;
  }
  entry->used = now;
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->session;
}

RestSession RestSessions::keep(const std::string& caller, RestSession session, Time now) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_caller_.find(caller); found != by_caller_.end()) return found->second->session;
  if (entries_.size() >= capacity_) {
    by_caller_.erase(entries_.back().caller);
    entries_.pop_back();
  }
  entries_.push_front({caller, std::move(session), now});
  by_caller_[caller] = entries_.begin();
  return entries_.front().session;
}

void RestSessions::forget(const std::string& caller, const RestSession& session) {
  const std::lock_guard lock(mutex_);
  const auto found = by_caller_.find(caller);
  if (found == by_caller_.end() || found->second->session.id != session.id) return;
  entries_.erase(found->second);
  by_caller_.erase(found);
}

std::size_t RestSessions::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace postern::proxy
