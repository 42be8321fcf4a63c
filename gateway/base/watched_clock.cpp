#include "base/watched_clock.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>

namespace postern {

Duration BootTime::now() const noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(time.tv_sec) +
                                              std::chrono::nanoseconds(time.tv_nsec));
}

WatchedClock::WatchedClock(const Clock& wall, const ElapsedTime& elapsed, const std::optional<KeptTime>& kept)
    : wall_(wall), elapsed_(elapsed), line_(offset()), since_(elapsed.now().count()), followed_at_(since_.load()) {
  if (!kept) return;
  deletes_at_most_ = to_millis(kept->deleted_until) - since_;
  if (!kept->relied_on) return;
  const Offset known = to_millis(*kept->relied_on) - since_;
  agreed_ = known;
  // The clock went back between two processes: the next look reports it. Time that has passed since is not a jump.
  if (known - line_ > kBound.count()) line_ = known;
}

WatchedClock::Offset WatchedClock::offset() const noexcept { return to_millis(wall_.now()) - elapsed_.now().count(); }

Time WatchedClock::at(Offset offset) const noexcept { return from_millis(elapsed_.now().count() + offset); }

bool WatchedClock::is_on_line(Offset offset) const noexcept { return std::abs(offset - line_) <= kBound.count(); }

Duration WatchedClock::age() const noexcept { return Duration(elapsed_.now().count() - since_); }

// Also from the jump to the look that notices it.
bool WatchedClock::in_doubt(Offset offset) const noexcept { return !is_on_line(offset) || age() < kDoubt; }

Time WatchedClock::now() const noexcept {
  const Offset shown = offset();
  const Offset agreed = agreed_;
  if (agreed == kNone || shown >= agreed || !in_doubt(shown)) return at(shown);
  return at(agreed);
}

Time WatchedClock::earliest() const noexcept {
  const Offset shown = offset();
  const Offset before = is_on_line(shown) ? before_.load() : line_.load();
  return at(before == kNone ? shown : std::min(shown, before));
}

std::optional<Time> WatchedClock::deletes_until() const noexcept {
  const Offset agreed = agreed_;
  const Offset at_most = agreed == kNone ? deletes_at_most_ : agreed;
  if (at_most == kNone) return earliest();
  if (agreed != kNone && agreed - offset() > kBound.count()) return std::nullopt;
  return std::min(at(at_most), earliest());
}

KeptTime WatchedClock::to_keep(Time deletes_until) const noexcept {
  return {deletes_until, agreed_ == kNone ? std::nullopt : std::optional(deletes_until)};
}

std::optional<Duration> WatchedClock::watch() {
  const Offset shown = offset();
  const std::int64_t elapsed = elapsed_.now().count();
  if (!is_on_line(shown)) {
    const Duration far(shown - line_);
    const Offset before = before_;
    const bool is_back = before != kNone && std::abs(shown - before) <= kBound.count();
    if (is_back) {
      before_ = kNone;
    } else if (before == kNone) {
      before_ = line_.load();
    }
    line_ = shown;
    since_ = elapsed;
    followed_at_ = elapsed;
    jumped_ = true;
    ++jumps_;
    return far;
  }
  if (age() >= kDoubt) before_ = kNone;
  // Small corrections are followed now and then, so that many of them in a row are noticed as what they are.
  if (Duration(elapsed - followed_at_) >= kDoubt) {
    line_ = shown;
    followed_at_ = elapsed;
  }
  if (age() >= (jumped_ ? kAgreesAfterJump : kAgreesAfterStart)) agreed_ = line_.load();
  return std::nullopt;
}

}  // namespace postern
