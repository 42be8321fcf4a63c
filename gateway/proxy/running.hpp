#pragma once

#include <memory>

#include "upstream/upstream.hpp"

namespace postern::proxy {

// What the server behind is doing for a request; ended from outside when the client goes or the token or grant does.
struct Running {
  upstream::CancelSlot slot;
  std::unique_ptr<upstream::Exchange> answer;

  void end() {
    slot.cancel();
    if (answer) answer->cancel();
  }
};

}  // namespace postern::proxy
