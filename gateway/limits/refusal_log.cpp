#include "limits/refusal_log.hpp"

namespace postern::limits {

bool RefusalLog::admits(Line line, std::string_view peer, Time now) {
  auto& budget = budget_of(line);
  if (budget.networks.take(peer, now) == 0 && budget.all.take("", now) == 0) return true;
  budget.left_out.fetch_add(1, std::memory_order_relaxed);
  return false;
}

}  // namespace postern::limits
