#include "upstream/duplex/links/answer_pipe.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace postern::upstream {

namespace asio = boost::asio;

namespace {

Error was_cancelled() { return fail(Errc::cancelled, "the exchange was cancelled"); }

}  // namespace

AnswerPipe::AnswerPipe(const std::shared_ptr<Waker>& waker, std::shared_ptr<AnswerBudget> budget, std::string user)
    : reader_(waker->get_executor()), waker_(waker), budget_(std::move(budget)), user_(std::move(user)) {}

AnswerPipe::~AnswerPipe() { budget_->give(user_, held_); }

// So much of the budget as so many bytes need.
bool AnswerPipe::hold_locked(std::size_t bytes) {
  const std::size_t wanted = bytes > AnswerBudget::kFree ? bytes : 0;
  if (wanted > held_ && !budget_->take(user_, wanted - held_)) return false;
  if (wanted < held_) budget_->give(user_, held_ - wanted);
  held_ = wanted;
  return true;
}

// The reader looks at the state and begins to wait in one go on its own thread, so that no call of this is lost.
void AnswerPipe::wake_locked() {
  asio::post(reader_, [waker = waker_] {
    if (const auto alive = waker.lock()) alive->cancel();
  });
}

void AnswerPipe::drop_locked() {
  parts_.clear();
  waiting_ = 0;
  hold_locked(reading_);
}

void AnswerPipe::begin(AnswerHead head) {
  const std::lock_guard lock(mutex_);
  if (begun_ || abandoned_ || error_) return;
  begun_ = true;
  head_ = std::move(head);
  wake_locked();
}

void AnswerPipe::push(std::string bytes) {
  const std::lock_guard lock(mutex_);
  if (finished_ || abandoned_ || error_) return;
  waiting_ += bytes.size();
  if (waiting_ > kMost) {
    error_ = postern::fail(Errc::too_large, "the client does not keep up with its stream");
    drop_locked();
  } else if (!hold_locked(waiting_ + reading_)) {
    error_ = postern::fail(Errc::busy, "too many answers wait for clients that do not read them");
    drop_locked();
  } else {
    parts_.push_back(std::move(bytes));
  }
  wake_locked();
}

void AnswerPipe::finish() {
  const std::lock_guard lock(mutex_);
  if (abandoned_ || error_) return;
  finished_ = true;
  wake_locked();
}

void AnswerPipe::fail(Error why) {
  const std::lock_guard lock(mutex_);
  if (finished_ || abandoned_ || error_) return;
  error_ = std::move(why);
  wake_locked();
}

void AnswerPipe::end(Error why) {
  const std::lock_guard lock(mutex_);
  if (finished_ || abandoned_ || error_) return;
  if (begun_) {
    finished_ = true;
  } else {
    error_ = std::move(why);
  }
  wake_locked();
}

void AnswerPipe::answer(AnswerHead head, std::string body) {
  head.length = body.size();
  begin(std::move(head));
  if (!body.empty()) push(std::move(body));
  finish();
}

bool AnswerPipe::abandoned() const {
  const std::lock_guard lock(mutex_);
  return abandoned_ || (error_ && begun_);
}

net::awaitable<Result<AnswerHead>> AnswerPipe::wait_for_head(Waker& waker, net::SteadyTime deadline) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (abandoned_) co_return was_cancelled();
      if (error_) co_return *error_;
      if (head_) co_return *std::exchange(head_, std::nullopt);
    }
    if (std::chrono::steady_clock::now() >= deadline) co_return postern::fail(Errc::timed_out, "no answer in time");
    waker.expires_at(deadline);
    co_await waker.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

net::awaitable<Result<std::string>> AnswerPipe::next(Waker& waker) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (abandoned_) co_return was_cancelled();
      if (!parts_.empty()) co_return take_locked();
      reading_ = 0;
      hold_locked(waiting_);
      if (error_) co_return *error_;
      if (finished_) co_return std::string();
    }
    // Until the hub, which has a deadline for everything, or the client ends it.
    waker.expires_at(net::kNoDeadline);
    co_await waker.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

Result<std::string> AnswerPipe::take() {
  const std::lock_guard lock(mutex_);
  if (abandoned_) return was_cancelled();
  if (error_ && parts_.empty()) return *error_;
  return take_locked();
}

std::string AnswerPipe::take_locked() {
  std::string all;
  for (auto& part : parts_) {
    if (all.empty()) {
      all = std::move(part);
    } else {
      all += part;
    }
  }
  parts_.clear();
  waiting_ = 0;
  reading_ = all.size();
  hold_locked(reading_);
  return all;
}

bool AnswerPipe::at_end() const {
  const std::lock_guard lock(mutex_);
  return finished_ && parts_.empty() && !error_;
}

void AnswerPipe::abandon() {
  std::function<void()> act;
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return;
    abandoned_ = true;
    reading_ = 0;
    drop_locked();
    wake_locked();
    if (!finished_) act = std::move(on_abandon_);
    on_abandon_ = nullptr;
  }
  if (act) act();
}

}  // namespace postern::upstream
