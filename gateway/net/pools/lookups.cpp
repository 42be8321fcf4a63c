#include "net/pools/lookups.hpp"

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace postern::net {
namespace {

using Addresses = Result<std::vector<boost::asio::ip::address>>;

// How many look-ups wait for each thread.
constexpr std::size_t kWaitingForThread = 2;

// Where the one who asked waits and the thread reports, in any order; it outlives both.
class Answer {
 public:
  void give(Addresses found) {
    {
      const std::lock_guard lock(mutex_);
      found_ = std::move(found);
    }
    given_.notify_all();
  }

  std::optional<Addresses> wait_until(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    given_.wait_until(lock, deadline, [this] { return found_.has_value(); });
    return found_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_;
  std::optional<Addresses> found_;
};

// The pool's hold on a look-up: reports when it goes, whether it was run or dropped.
class Errand {
 public:
  Errand(std::string host, std::shared_ptr<Answer> answer) : host_(std::move(host)), answer_(std::move(answer)) {}
  ~Errand() { answer_->give(std::move(found_)); }
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  void run(const Resolve& resolve) noexcept {
    try {
      found_ = resolve(host_);
    } catch (const std::exception& thrown) {
      found_ = fail(Errc::internal, thrown.what());
    }
  }

 private:
  std::string host_;
  std::shared_ptr<Answer> answer_;
  Addresses found_ = fail(Errc::cancelled, "the look-up was dropped");
};

QueueBounds queue_of(const Lookups::Bounds& bounds) {
  return {bounds.threads * kWaitingForThread, bounds.of_group * kWaitingForThread, bounds.of_group};
}

}  // namespace

Lookups::Lookups(std::string name, Resolve resolve, Bounds bounds)
    : resolve_(std::move(resolve)),
      deadline_(bounds.deadline),
      pool_(std::move(name), bounds.threads, queue_of(bounds)) {}

Addresses Lookups::find(const std::string& host, const FairQueue::Path& from) {
  const auto deadline = std::chrono::steady_clock::now() + deadline_;
  const auto answer = std::make_shared<Answer>();
  bool accepted = false;
  {
    const auto errand = std::make_shared<Errand>(host, answer);
    accepted = pool_.submit([errand, resolve = &resolve_] { errand->run(*resolve); }, from);
  }
  if (!accepted) return fail(Errc::busy, "too many look-ups of names wait");
  auto found = answer->wait_until(deadline);
  if (found) return *std::move(found);
  return fail(Errc::timed_out, "looking up " + host + " took longer than " + std::to_string(deadline_.count()) + " ms");
}

}  // namespace postern::net
