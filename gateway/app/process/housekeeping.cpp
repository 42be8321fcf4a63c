#include "app/process/housekeeping.hpp"

namespace postern::app {
namespace {

using std::chrono::steady_clock;

constexpr auto kPurgeEvery = std::chrono::minutes(5);
constexpr auto kUsageEvery = std::chrono::seconds(30);
constexpr auto kRefusalsEvery = std::chrono::seconds(30);

// Whether so much time has passed since `last`, which is then set anew.
bool is_due(steady_clock::time_point& last, steady_clock::duration every) {
  const auto now = steady_clock::now();
  if (now - last < every) return false;
  last = now;
  return true;
}

void keep_usage(Process& process) {
  if (const auto done = limits::flush(process.usage, process.store->usage()); !done) {
    process.log->warning("usage_not_kept", {{"what", done.error().what}});
  }
}

}  // namespace

void Housekeeping::tick() {
  process_.time.watch();
  process_.log->tell_dropped();
  if (is_due(refusals_told_, kRefusalsEvery)) tell_refusals();
  process_.store_watch.tell(process_.store->fault());
  keep_claim();
  if (is_due(purged_, kPurgeEvery))
    process_.pools.housekeeping.submit([process = &process_] { process->time.purge(); });
  if (is_due(usage_kept_, kUsageEvery))
    process_.pools.housekeeping.submit([process = &process_] { keep_usage(*process); });
}

void Housekeeping::finish() {
  keep_usage(process_);
  tell_refusals();
}

void Housekeeping::keep_claim() {
  const auto kept = process_.claim.keep();
  if (!kept && process_.said.first(kept.error().what)) {
    process_.log->error("store_claim_lost", {{"what", kept.error().what}});
  }
}

void Housekeeping::tell_refusals() {
  using telemetry::StrangerLine;
  auto& refusals = process_.counters.refusals;
  const auto refused = refusals.take_left_out(StrangerLine::refused);
  const auto answered = refusals.take_left_out(StrangerLine::answered);
  const auto sign_ins = refusals.take_left_out(StrangerLine::sign_in);
  const auto registrations = refusals.take_left_out(StrangerLine::registration);
  if (refused + answered + sign_ins + registrations == 0) return;
  process_.log->warning(
      "requests_not_logged",
      {{"refused", refused}, {"answered", answered}, {"sign_ins_failed", sign_ins}, {"registrations", registrations}});
}

}  // namespace postern::app
