#pragma once

#include <chrono>
#include <cstdint>

namespace postern {

// Wall time with millisecond resolution: what is stored, compared with expiries and written to logs.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

// Where the time comes from. Injected everywhere, so that tests can move it. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const noexcept = 0;
  // The earliest that it may be, where the clock itself is in doubt: for what cannot be taken back, such as ending a
  // grant because a time has passed.
  virtual Time earliest() const noexcept { return now(); }
};

class SystemClock final : public Clock {
 public:
  Time now() const noexcept override;
};

// Milliseconds since the epoch: the stored form of a Time.
inline std::int64_t to_millis(Time t) noexcept { return t.time_since_epoch().count(); }
inline Time from_millis(std::int64_t ms) noexcept { return Time{Duration{ms}}; }
// Seconds since the epoch: the form of RFC 7662 `exp`, RFC 7591 `client_id_issued_at`.
inline std::int64_t to_seconds(Time t) noexcept {
  return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
}

}  // namespace postern
