#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "base/result.hpp"
#include "net/pools/fair_queue.hpp"

namespace postern::net {

// A bounded pool of threads for work that blocks: store, password hashing, outbound documents; one pool each, so that
// one kind never starves another. Thread-safe. Destruction is a stop(); it comes before the destruction of the
// io_contexts whose coroutines wait for the pool, or after, but not at the same time.
class OffloadPool {
 public:
  // At least one thread. `queue`: how many pieces of work may wait for a thread. std::system_error when the system
  // gives no more threads.
  OffloadPool(std::string name, std::size_t threads, std::size_t queue);
  // One that shares its threads and places fairly between those that work is for.
  OffloadPool(std::string name, std::size_t threads, QueueBounds bounds);
  ~OffloadPool();
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;

  // False when the queue is full: answered with 503. `work` must not throw. `from`: whom it is for; work that was
  // accepted is dropped later on when it gives way to that of others.
  bool submit(std::function<void()> work, const FairQueue::Path& from = {});
  // Finishes what was begun, drops what was not, refuses what comes. Not called from work of the pool.
  void stop() noexcept;
  std::size_t queued() const noexcept;
  const std::string& name() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What offload() yields for work that returns T: a Result<T>, which is not wrapped once more when T is one already.
template <class T>
struct Offloaded {
  using type = Result<T>;
};
template <class T>
struct Offloaded<Result<T>> {
  using type = Result<T>;
};
template <class T>
using OffloadResult = typename Offloaded<T>::type;

// Runs `work` on the pool and resumes the calling coroutine on its own executor with what it returned; `busy` when the
// pool is full, `internal` when it threw, `cancelled` when the coroutine was cancelled, or the work gave way to that of
// others or the pool went before it began. `work` must hold everything it uses: the coroutine may be gone by then.
// `pool` must live until it was begun.
template <class T>
boost::asio::awaitable<OffloadResult<T>> offload(OffloadPool& pool, std::function<T()> work, FairQueue::Path from = {});

}  // namespace postern::net

#include "net/pools/offload_impl.hpp"
