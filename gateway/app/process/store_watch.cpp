#include "app/process/store_watch.hpp"

namespace postern::app {

void StoreWatch::tell(const std::string& fault) {
  const std::lock_guard lock(mutex_);
  if (fault == told_) return;
  const auto now = std::chrono::steady_clock::now();
  if (told_.empty()) since_ = now;
  told_ = fault;
  if (!fault.empty()) {
    log_.error("store_unavailable", {{"what", fault}});
    return;
  }
  const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(now - since_).count();
  log_.warning("store_available", {{"what", "the store can be written again"}, {"seconds", lasted}});
}

}  // namespace postern::app
