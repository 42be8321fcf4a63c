#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/clock.hpp"

namespace postern {

// Time that passes evenly, also while the machine sleeps, from a moment that stays the same for this process.
// Thread-safe.
class ElapsedTime {
 public:
  virtual ~ElapsedTime() = default;
  virtual Duration now() const noexcept = 0;
};

// CLOCK_BOOTTIME (clock_gettime(2)), so that a suspended machine is not taken for a clock that jumped.
class BootTime final : public ElapsedTime {
 public:
  Duration now() const noexcept override;
};

// What one process knows of the time and leaves to the next.
struct KeptTime {
  Time deleted_until{};             // by what time it last deleted
  std::optional<Time> relied_on{};  // the last time that was beyond doubt; none: none was
};

// The wall clock, compared with the time that has really passed. NTP steps, a dead battery or an administrator may set
// the wall clock to anything; what was deleted by a wrong time does not come back when the clock does. Thread-safe.
//
// A difference of more than kBound between two looks is a jump. The time that the clock showed before goes on counting
// beside it (line of before), until the new one has agreed with itself for long enough.
class WatchedClock final : public Clock {
 public:
  static constexpr Duration kBound = std::chrono::minutes(5);
  // After a jump, so long is neither believed to be later than before when something would be ended by it, nor earlier
  // than before when something would come back to life.
  static constexpr Duration kDoubt = std::chrono::hours(1);
  // So long the clock must have agreed with itself before anything is deleted by the time it shows.
  static constexpr Duration kAgreesAfterStart = std::chrono::hours(1);
  static constexpr Duration kAgreesAfterJump = std::chrono::hours(24);

  // `kept`: by an earlier process; none: there was none. Both sources must outlive this.
  WatchedClock(const Clock& wall, const ElapsedTime& elapsed, const std::optional<KeptTime>& kept);

  // The wall clock. While a jump back is in doubt, the line of before: what had expired stays so.
  Time now() const noexcept override;
  // The wall clock. While a jump ahead is in doubt, the line of before: for what cannot be taken back.
  Time earliest() const noexcept override;
  // By what time may be deleted; none while the clock is behind a time that was beyond doubt.
  std::optional<Time> deletes_until() const noexcept;
  // What to keep before something is deleted by that time.
  KeptTime to_keep(Time deletes_until) const noexcept;

  // How far the clock has jumped since the last look, negative for back; none: it has not. To be called every few
  // seconds, by one thread.
  std::optional<Duration> watch();
  std::size_t jumps() const noexcept { return jumps_.load(std::memory_order_relaxed); }

 private:
  // Offsets are wall time less elapsed time, in milliseconds: the same as long as the clock does not jump.
  using Offset = std::int64_t;
  static constexpr Offset kNone = INT64_MIN;

  Offset offset() const noexcept;
  Time at(Offset offset) const noexcept;
  bool is_on_line(Offset offset) const noexcept;
  bool in_doubt(Offset offset) const noexcept;
  Duration age() const noexcept;

  const Clock& wall_;
  const ElapsedTime& elapsed_;
  // The line by which an earlier process deleted: this one deletes by no later one until its clock has agreed.
  Offset deletes_at_most_ = kNone;
  // Written by watch() alone.
  std::atomic<Offset> line_;               // that the clock is on
  std::atomic<Offset> before_ = kNone;     // that it was on before it jumped, while that is in doubt
  std::atomic<Offset> agreed_ = kNone;     // of the last line that may be relied on
  std::atomic<std::int64_t> since_;        // elapsed time, from which it has been on its line
  std::atomic<std::int64_t> followed_at_;  // elapsed time, when the line was last moved along with small corrections
  std::atomic<bool> jumped_ = false;       // to the line that it is on
  std::atomic<std::size_t> jumps_ = 0;
};

}  // namespace postern
