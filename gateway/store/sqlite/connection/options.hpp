#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.hpp"

namespace postern::store::sqlite {

// What open_store() uses unchanged; tests move one figure at a time.
struct Options {
  // What each connection asks for. What it must then hold is fixed: see durable() in
  // store/sqlite/database/database.cpp.
  std::string durability = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL";
  std::string vfs;                               // empty: SQLite's own
  std::chrono::milliseconds busy_timeout{5000};  // how long to wait for a writer in another process
  std::size_t readers = 4;                       // connections that read
  // A write that is under way for longer has others refused at once, instead of letting them wait for their turn.
  std::chrono::milliseconds patience{1000};
  // How often the store looks whether its files are in their places and, after a fault, whether it can write again.
  std::chrono::milliseconds look_every{500};
  std::size_t queue = 1024;  // writes waiting; one more is refused as busy
  std::size_t group = 128;   // most writes in one commit
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
};

}  // namespace postern::store::sqlite
