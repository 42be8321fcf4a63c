#include "upstream/duplex/links/answer_budget.hpp"

namespace postern::upstream {

bool AnswerBudget::take(const std::string& user, std::size_t bytes) {
  if (bytes == 0) return true;
  const std::lock_guard lock(mutex_);
  const auto at = held_.find(user);
  const std::size_t held = at == held_.end() ? 0 : at->second;
  if (bytes > left_ || held > per_user_ || bytes > per_user_ - held) return false;
  left_ -= bytes;
  held_[user] = held + bytes;
  return true;
}

void AnswerBudget::give(const std::string& user, std::size_t bytes) {
  if (bytes == 0) return;
  const std::lock_guard lock(mutex_);
  left_ += bytes;
  const auto at = held_.find(user);
  if (at == held_.end()) return;
  at->second -= bytes;
  if (at->second == 0) held_.erase(at);
}

}  // namespace postern::upstream
