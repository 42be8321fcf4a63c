#include "net/pools/offload.hpp"

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace postern::net {

struct OffloadPool::Impl {
  Impl(std::string pool_name, QueueBounds bounds) : name(std::move(pool_name)), waiting(bounds) {}

  void serve() {
    for (;;) {
      FairQueue::Turn turn;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [this] { return stopping || waiting.ready(); });
        if (stopping) return;
        turn = waiting.take();
      }
      turn.work();
      turn.work = nullptr;
      // What this leaves room for, this thread takes in its next round.
      const std::lock_guard lock(mutex);
      waiting.done(turn.group);
    }
  }

  std::string name;
  mutable std::mutex mutex;
  std::condition_variable wake;
  FairQueue waiting;
  bool stopping = false;
  std::vector<std::jthread> threads;
};

OffloadPool::OffloadPool(std::string name, std::size_t threads, std::size_t queue)
    : OffloadPool(std::move(name), threads, QueueBounds{queue, queue}) {}

OffloadPool::OffloadPool(std::string name, std::size_t threads, QueueBounds bounds)
    : impl_(std::make_unique<Impl>(std::move(name), bounds)) {
  try {
    for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
      impl_->threads.emplace_back([impl = impl_.get()] { impl->serve(); });
    }
  } catch (...) {
    // Those that were started would otherwise be waited for without end.
    stop();
    throw;
  }
}

OffloadPool::~OffloadPool() { stop(); }

void OffloadPool::stop() noexcept {
  FairQueue dropped({});
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    dropped = impl_->waiting.take_all();
  }
  impl_->wake.notify_all();
  dropped = FairQueue({});  // tells those who wait, before waiting for what was begun
  impl_->threads.clear();
}

bool OffloadPool::submit(std::function<void()> work, const FairQueue::Path& from) {
  FairQueue::Pushed pushed;  // goes after the lock: what was displaced tells those who wait for it
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopping) return false;
    pushed = impl_->waiting.push(from, std::move(work));
  }
  if (pushed.accepted) impl_->wake.notify_one();
  return pushed.accepted;
}

std::size_t OffloadPool::queued() const noexcept {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waiting.size();
}

const std::string& OffloadPool::name() const noexcept { return impl_->name; }

namespace detail {

namespace asio = boost::asio;

// The coroutine's side while it waits; its end, however it comes, is the coroutine leaving.
class Rendezvous::Presence {
 public:
  Presence(Rendezvous& at, asio::steady_timer& timer) : at_(at) {
    const std::lock_guard lock(at_.mutex_);
    at_.wake_ = [&timer] { timer.expires_at(asio::steady_timer::time_point::min()); };
  }
  ~Presence() {
    const std::lock_guard lock(at_.mutex_);
    at_.wake_ = nullptr;
  }
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

  bool reported() const {
    const std::lock_guard lock(at_.mutex_);
    return at_.reported_;
  }

 private:
  Rendezvous& at_;
};

Rendezvous::Rendezvous(asio::any_io_executor executor) : executor_(std::move(executor)) {}

asio::awaitable<bool> Rendezvous::wait(std::shared_ptr<Rendezvous> self) {
  asio::steady_timer timer(self->executor_, asio::steady_timer::time_point::max());
  const Presence presence(*self, timer);
  if (presence.reported()) co_return true;
  constexpr auto resume = asio::as_tuple(asio::use_awaitable);
  co_await timer.async_wait(resume);
  co_return presence.reported();
}

void Rendezvous::report() noexcept {
  const std::lock_guard lock(mutex_);
  reported_ = true;
  if (!wake_) return;
  // The timer is the coroutine's: it is touched on its thread only, and only if it is still there then.
  asio::post(executor_, [self = shared_from_this()] {
    const std::lock_guard still_there(self->mutex_);
    if (self->wake_) self->wake_();
  });
}

}  // namespace detail

}  // namespace postern::net
