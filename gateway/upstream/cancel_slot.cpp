#include "upstream/upstream.hpp"

namespace postern::upstream {

void CancelSlot::cancel() noexcept {
  if (cancelled_) return;
  cancelled_ = true;
  const std::function<void()> act = std::move(act_);
  act_ = nullptr;
  if (act) act();
}

void CancelSlot::attach(net::Stream* stream) noexcept {
  if (stream == nullptr) {
    act_ = nullptr;
  } else {
    act_ = [stream] { stream->close(); };
  }
}

}  // namespace postern::upstream
