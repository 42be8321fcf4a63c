#pragma once

namespace postern::store {

// One run of something that may both read and write, on threads that must never wait for a write. It works with
// Store::reading(), which refuses the first write and notes here that one is wanted; what the run says then does not
// count, and it is run again where it may write. So it must not have changed anything before its first write. Not
// thread-safe: one of them for each run.
class ReadingPass {
 public:
  void want_write() noexcept { wants_write_ = true; }
  bool wants_write() const noexcept { return wants_write_; }

 private:
  bool wants_write_ = false;
};

}  // namespace postern::store
