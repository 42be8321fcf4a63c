#include "app/process/time_keeper.hpp"

#include <chrono>
#include <string>

namespace postern::app {
namespace {

constexpr auto* kJumps = "postern_clock_jumps_total";
constexpr auto* kJumpsHelp = "How often the system's clock was set ahead or back by more than five minutes.";

}  // namespace

TimeKeeper::TimeKeeper(WatchedClock& clock, store::Store& store, telemetry::Log& log, telemetry::Metrics& metrics)
    : clock_(clock), store_(store), log_(log), metrics_(metrics) {
  metrics.count(kJumps, kJumpsHelp, 0);
  metrics.gauge("postern_deleted_until_seconds",
                "The time, since 1970, by which what had expired was last deleted; 0: nothing was since the start.", "",
                "", [this] { return static_cast<double>(deleted_until_); });
}

void TimeKeeper::watch() {
  using std::chrono::duration_cast;
  const auto jump = clock_.watch();
  if (!jump) return;
  metrics_.count(kJumps, kJumpsHelp, 1);
  const auto seconds = duration_cast<std::chrono::seconds>(*jump).count();
  const auto hours = duration_cast<std::chrono::hours>(WatchedClock::kAgreesAfterJump).count();
  const std::string what = std::string("the system's clock was set ") + (seconds < 0 ? "back" : "ahead") +
                           "; nothing is deleted by the new time before it has stood for " + std::to_string(hours) +
                           " hours. Check the time synchronization of this machine";
  log_.error("clock_jumped", {{"seconds", seconds}, {"what", what}});
}

// The time is kept first: what is deleted by it may not come back in a process with another clock.
void TimeKeeper::purge() {
  const auto until = clock_.deletes_until();
  if (!until) return;
  auto done = store_.keep_time(clock_.to_keep(*until));
  if (done) done = store_.purge(*until);
  if (done) {
    deleted_until_ = to_seconds(*until);
  } else {
    log_.warning("purge_failed", {{"what", done.error().what}});
  }
}

}  // namespace postern::app
