#include "app/change_feed.hpp"

#include <chrono>

namespace postern::app {

constexpr auto kPollEvery = std::chrono::milliseconds(250);

ChangeFeed::ChangeFeed(store::Store& store, telemetry::Log& log, Apply apply, std::function<void()> lost)
    : store_(store), log_(log), apply_(std::move(apply)), lost_(std::move(lost)) {
  if (const auto newest = store_.newest_change()) newest_ = *newest;
  thread_ = std::thread([this] { follow(); });
}

ChangeFeed::~ChangeFeed() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ChangeFeed::follow() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, kPollEvery);
    if (stopping_) return;
    lock.unlock();
    poll();
    lock.lock();
  }
}

void ChangeFeed::poll() {
  const auto changes = store_.changes_since(newest_);
  if (!changes) {
    if (!failing_) log_.warning("change_feed_failed", {{"what", changes.error().what}});
    failing_ = true;
    lost_();
    return;
  }
  failing_ = false;
  if (changes->empty()) return;
  newest_ = changes->back().sequence;
  apply_(*changes);
}

}  // namespace postern::app
