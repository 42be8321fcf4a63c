#pragma once

#include <exception>
#include <mutex>
#include <optional>
#include <type_traits>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/this_coro.hpp>

#include "net/pools/offload.hpp"

namespace postern::net::detail {

// Where a coroutine waits and a thread of the pool reports. The two sides may go in any order: the coroutine marks that
// it left, and from then on the thread does not touch the coroutine's executor, which may be gone as well.
class Rendezvous : public std::enable_shared_from_this<Rendezvous> {
 public:
  explicit Rendezvous(boost::asio::any_io_executor executor);

  // In the coroutine. False when it was cancelled before the report.
  static boost::asio::awaitable<bool> wait(std::shared_ptr<Rendezvous> self);
  // On any thread, once.
  void report() noexcept;

 private:
  class Presence;

  std::mutex mutex_;
  boost::asio::any_io_executor executor_;
  bool reported_ = false;
  std::function<void()> wake_;  // set while the coroutine waits
};

template <class T>
struct Job {
  Job(std::function<T()> to_do, boost::asio::any_io_executor executor)
      : work(std::move(to_do)), done(std::make_shared<Rendezvous>(std::move(executor))) {}

  void run() noexcept {
    try {
      if constexpr (std::is_void_v<T>) {
        work();
        result.emplace();
      } else {
        result.emplace(work());
      }
    } catch (const std::exception& thrown) {
      result.emplace(fail(Errc::internal, thrown.what()));
    } catch (...) {
      result.emplace(fail(Errc::internal, "unknown exception"));
    }
    work = nullptr;
  }

  std::function<T()> work;
  std::optional<OffloadResult<T>> result;
  std::shared_ptr<Rendezvous> done;
};

// The pool's hold on a job: reports when it goes, whether the work was run or dropped.
template <class T>
struct Errand {
  explicit Errand(std::shared_ptr<Job<T>> of) : job(std::move(of)) {}
  ~Errand() { job->done->report(); }
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  std::shared_ptr<Job<T>> job;
};

}  // namespace postern::net::detail

namespace postern::net {

template <class T>
boost::asio::awaitable<OffloadResult<T>> offload(OffloadPool& pool, std::function<T()> work, FairQueue::Path from) {
  auto executor = co_await boost::asio::this_coro::executor;
  const auto job = std::make_shared<detail::Job<T>>(std::move(work), std::move(executor));
  bool accepted = false;
  {
    auto errand = std::make_shared<detail::Errand<T>>(job);
    accepted = pool.submit([errand = std::move(errand)] { errand->job->run(); }, from);
  }
  if (!accepted) co_return fail(Errc::busy, "the pool \"" + pool.name() + "\" is full");
  auto rendezvous = job->done;
  const bool reported = co_await detail::Rendezvous::wait(std::move(rendezvous));
  if (!reported || !job->result) co_return fail(Errc::cancelled, "the work was dropped");
  co_return std::move(*job->result);
}

}  // namespace postern::net
