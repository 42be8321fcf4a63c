#pragma once

#include <functional>
#include <utility>

#include "upstream/upstream.hpp"

namespace postern::upstream {

// What to do on cancel, for as long as this stands in a coroutine that waits.
class Attached {
 public:
  Attached(CancelSlot& slot, std::function<void()> act) : slot_(slot) { slot_.on_cancel(std::move(act)); }
  ~Attached() { slot_.on_cancel({}); }
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;

 private:
  CancelSlot& slot_;
};

}  // namespace postern::upstream
