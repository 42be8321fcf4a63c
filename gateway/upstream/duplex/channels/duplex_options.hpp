#pragma once

#include <chrono>
#include <cstddef>

#include "upstream/duplex/channels/child_process.hpp"
#include "upstream/upstream.hpp"

namespace postern::upstream {

// A server behind that is spoken to over a duplex channel: a program run here, or one of the 2024-11-05 transport.
// How it is reached when it is no program: `urls` are where the event stream is.
struct DuplexOptions : HttpUpstreamOptions {
  ChildOptions child;                               // a program, when its command is not empty
  bool shared = false;                              // one process for all sessions, rather than one for each
  std::size_t processes = 32;                       // of which one user has half at most
  std::chrono::milliseconds session_idle{1800000};  // a session nobody uses is ended
};

}  // namespace postern::upstream
