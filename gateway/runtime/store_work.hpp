#pragma once

#include <functional>
#include <utility>

#include "net/pools/offload.hpp"
#include "net/stream.hpp"
#include "runtime/services.hpp"

namespace postern::runtime {

// Runs what may write to the store on the pool for that, and yields what it returned. Reads never go there: a write
// waits for the disk, and for locks of other programs. unavailable, at once: the store has found that it cannot write;
// busy: too many writes wait. Both are answered as 503. Other errors: those of net::offload().
template <class T>
net::awaitable<net::OffloadResult<T>> write_store(Services& services, std::function<T()> work) {
  auto fault = services.store.fault();
  if (!fault.empty()) co_return fail(Errc::unavailable, std::move(fault));
  auto done = co_await net::offload<T>(services.pools.store_write, std::move(work));
  co_return done;
}

// The same for what only reads, on threads that no write keeps waiting.
template <class T>
net::awaitable<net::OffloadResult<T>> read_store(Services& services, std::function<T()> work) {
  auto done = co_await net::offload<T>(services.pools.store_read, std::move(work));
  co_return done;
}

}  // namespace postern::runtime
