#include "app/process/change_feed.hpp"

#include <chrono>

namespace postern::app {

constexpr auto kPollEvery = std::chrono::milliseconds(250);

ChangeFeed::ChangeFeed(store::Store& store, telemetry::Log& log, Apply apply, std::function<void(Lost)> lost)
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
  bool behind = false;
  while (!stopping_) {
    // What stands behind a long list of changes is no less urgent.
    if (!behind) wake_.wait_for(lock, kPollEvery);
    if (stopping_) return;
    lock.unlock();
    behind = poll();
    lock.lock();
  }
}

bool ChangeFeed::poll() {
  const auto changes = store_.changes_since(newest_);
  if (!changes && changes.error().code == Errc::expired) {
    begin_anew(changes.error());
    return false;
  }
  if (!changes) {
    if (!failing_) log_.warning("change_feed_failed", {{"what", changes.error().what}});
    failing_ = true;
    lost_(Lost::unreadable);
    return false;
  }
  failing_ = false;
  if (changes->empty()) return false;
  newest_ = changes->back().sequence;
  apply_(*changes);
  return true;
}

// Where to go on is read first: what changes while everything is forgotten is then still to come.
void ChangeFeed::begin_anew(const Error& why) {
  log_.warning("changes_lost", {{"what", why.what}});
  if (const auto newest = store_.newest_change()) newest_ = *newest;
  lost_(Lost::unseen);
}

}  // namespace postern::app
