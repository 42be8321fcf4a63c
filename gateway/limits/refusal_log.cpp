#include "limits/refusal_log.hpp"

namespace postern::limits {
namespace {

constexpr config::Rate kOfNetwork{10, 100};
constexpr config::Rate kOfAll{100, 2000};

}  // namespace

bool RefusalLog::admits(Line line, std::string_view peer, Time now) {
  auto& budget = budget_of(line);
  if (budget.networks.take(peer, now, kOfNetwork) == 0 && budget.all.take("", now, kOfAll) == 0) return true;
  budget.left_out.fetch_add(1, std::memory_order_relaxed);
  return false;
}

}  // namespace postern::limits
