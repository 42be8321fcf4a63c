#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "telemetry/sink.hpp"

namespace postern::telemetry {

// What happens to a line when too many wait.
enum class Keep : std::uint8_t {
  always,    // it joins them all the same, and callers are asked to stop
  if_room,   // the oldest of these give way, once no line below is left
  if_quiet,  // the oldest of these give way first
};

// Lines on their way to one sink, written in the order in which they came by a thread of its own. put() never waits for
// the sink: a reader that stops, or a disk that is full, costs no caller any time. Thread-safe.
class LineWriter {
 public:
  static constexpr std::size_t kLongestQueue = 8192;  // lines that wait, of those that must be kept and of all others

  explicit LineWriter(Sink sink);
  // Ends after close().
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  void put(std::string line, Keep keep);

  // Before the next line that is not begun yet, the sink is opened again. If that fails, the old one is kept.
  void reopen();

  // Why lines that must be kept cannot be written, as a sentence; nullopt: they can. They are kept and tried again.
  // Once kLongestQueue of them wait, this stays until half of them have been written.
  std::optional<std::string> fault() const;
  // The same without a sentence, for every request.
  bool works() const noexcept;
  std::size_t waiting() const;    // lines that must be kept
  std::uint64_t dropped() const;  // lines that were given up for others, since the start
  // Waits until everything that was put has been written or given up. False: not within `longest`.
  bool flush(std::chrono::milliseconds longest) const;
  // Writes what waits, for as long as the sink takes any of it within a second. Returns how many lines that must be
  // kept were lost. Nothing can be put afterwards.
  std::size_t close();

 private:
  struct State;
  // Shared with the thread: where the system never answers (a dead network disk), the thread is left behind.
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace postern::telemetry
