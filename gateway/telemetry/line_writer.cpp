#include "telemetry/line_writer.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace postern::telemetry {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPoll{100};         // how long a reader that stopped keeps the thread from seeing the end
constexpr milliseconds kRetry{1000};       // after a failure
constexpr milliseconds kLastChance{1000};  // without progress, while closing
constexpr std::size_t kKinds = 3;

struct Line {
  std::string text;
  std::uint64_t number = 0;
  Keep keep = Keep::always;
  std::size_t written = 0;
};

}  // namespace

struct LineWriter::State {
  explicit State(Sink s) : sink(std::move(s)) {}

  Sink sink;  // the thread's
  std::atomic<bool> works{true};

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::array<std::deque<Line>, kKinds> queues;  // by Keep
  std::optional<Line> current;                  // taken from them, and not yet written whole
  std::uint64_t last = 0;
  std::uint64_t dropped = 0;
  std::string failure;  // the last answer of the sink; empty: it took something
  bool overfull = false;
  bool reopening = false;
  bool closing = false;
  bool ended = false;
  Clock::time_point progress{};

  std::deque<Line>& queue(Keep keep) { return queues[static_cast<std::size_t>(keep)]; }
  std::size_t kept() const {
    return queues[static_cast<std::size_t>(Keep::always)].size() + (current && current->keep == Keep::always ? 1 : 0);
  }
  bool empty() const { return !current && queues[0].empty() && queues[1].empty() && queues[2].empty(); }

  void make_room();
  void take_next();
  void judge();
  void note(const Result<std::size_t>& written);
  void reopen(std::unique_lock<std::mutex>& lock);
  void run();
};

void LineWriter::State::make_room() {
  auto& quiet = queue(Keep::if_quiet);
  auto& loud = queue(Keep::if_room);
  if (quiet.size() + loud.size() < kLongestQueue) return;
  (quiet.empty() ? loud : quiet).pop_front();
  ++dropped;
}

void LineWriter::State::take_next() {
  std::deque<Line>* oldest = nullptr;
  for (auto& each : queues) {
    if (!each.empty() && (oldest == nullptr || each.front().number < oldest->front().number)) oldest = &each;
  }
  if (oldest == nullptr) return;
  current = std::move(oldest->front());
  oldest->pop_front();
}

// Whether new work that must be written down may begin.
void LineWriter::State::judge() {
  const auto waiting = kept();
  if (waiting >= kLongestQueue) overfull = true;
  if (waiting <= kLongestQueue / 2) overfull = false;
  const bool failing = !failure.empty() && waiting > 0;
  works.store(!overfull && !failing, std::memory_order_release);
}

void LineWriter::State::note(const Result<std::size_t>& written) {
  failure = written ? std::string() : written.error().what;
  if (written && *written > 0) {
    progress = Clock::now();
    current->written += *written;
    if (current->written == current->text.size()) current.reset();
  } else if (!written && current->keep != Keep::always && current->written == 0) {
    // The next may be one that must be kept. A line of which a part is there is finished first.
    current.reset();
    ++dropped;
  }
  judge();
}

void LineWriter::State::reopen(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  sink.reopen();
  lock.lock();
}

void LineWriter::State::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return closing || !empty(); });
    if (!current && std::exchange(reopening, false)) reopen(lock);
    if (!current) take_next();
    if (!current) break;
    if (closing && Clock::now() - progress > kLastChance) break;
    const std::string_view rest = std::string_view(current->text).substr(current->written);
    lock.unlock();
    const auto written = sink.write(rest, kPoll);
    lock.lock();
    note(written);
    changed.notify_all();
    const bool last_chance = closing;
    const bool again = !written && current;
    if (again) changed.wait_for(lock, last_chance ? kPoll : kRetry, [&] { return closing && !last_chance; });
  }
  ended = true;
  changed.notify_all();
}

LineWriter::LineWriter(Sink sink) : state_(std::make_shared<State>(std::move(sink))) {
  thread_ = std::thread([state = state_] { state->run(); });
}

LineWriter::~LineWriter() { close(); }

void LineWriter::put(std::string line, Keep keep) {
  line += '\n';
  const std::lock_guard lock(state_->mutex);
  if (state_->closing) return;
  if (keep != Keep::always) state_->make_room();
  state_->queue(keep).push_back({std::move(line), ++state_->last, keep, 0});
  if (keep == Keep::always) state_->judge();
  state_->changed.notify_all();
}

void LineWriter::reopen() {
  const std::lock_guard lock(state_->mutex);
  state_->reopening = true;
}

std::optional<std::string> LineWriter::fault() const {
  if (works()) return std::nullopt;
  const std::lock_guard lock(state_->mutex);
  if (!state_->failure.empty()) return state_->failure;
  return std::to_string(state_->kept()) + " lines wait to be written to " + state_->sink.name() +
         ": whatever reads it has stopped or is too slow";
}

bool LineWriter::works() const noexcept { return state_->works.load(std::memory_order_acquire); }

std::size_t LineWriter::waiting() const {
  const std::lock_guard lock(state_->mutex);
  return state_->kept();
}

std::uint64_t LineWriter::dropped() const {
  const std::lock_guard lock(state_->mutex);
  return state_->dropped;
}

bool LineWriter::flush(milliseconds longest) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, longest, [this] { return state_->empty() || state_->ended; });
}

std::size_t LineWriter::close() {
  if (!thread_.joinable()) return 0;
  std::unique_lock lock(state_->mutex);
  state_->closing = true;
  state_->progress = Clock::now();
  state_->changed.notify_all();
  // The thread looks at the time after each attempt, so it is late only where the system does not answer it.
  const auto ended = [this] { return state_->ended; };
  while (!state_->changed.wait_for(lock, 5 * kLastChance, ended) && Clock::now() - state_->progress < 5 * kLastChance) {
  }
  const std::size_t lost = state_->kept();
  const bool ending = state_->ended;
  lock.unlock();
  if (ending) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return lost;
}

}  // namespace postern::telemetry
