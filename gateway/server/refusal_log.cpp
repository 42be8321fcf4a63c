#include "server/refusal_log.hpp"

#include "base/network.hpp"

namespace postern::server {

bool RefusalLog::admits(std::string_view peer, Time now) {
  if (networks_.take(network_of(peer), now) == 0 && all_.take("", now) == 0) return true;
  left_out_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

}  // namespace postern::server
