#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/upstream_factory.hpp"
#include "unit/net/support.hpp"

namespace postern::proxy {

// An answer of the server behind: its head, then its body piece by piece.
struct Answer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers{{"Content-Type", "application/json"}};
  std::vector<std::string> pieces{};
  std::optional<Error> instead{};       // of any answer
  std::optional<Error> breaks{};        // after the last piece
  bool never_ends = false;              // after the last piece nothing comes until the exchange is ended
  bool at_hand = true;                  // the first piece came with the head
  std::string address{};                // Exchange::address()
  std::function<std::string()> make{};  // the only piece, made when the request has come
  std::function<void()> before{};       // when the request has come
  std::function<void()> piece_read{};   // before each piece
};

inline Answer json_answer(std::string text, int status = 200) {
  return {.status = status, .pieces = {std::move(text)}};
}
inline Answer event_answer(std::vector<std::string> pieces) {
  return {.headers = {{"Content-Type", "text/event-stream"}}, .pieces = std::move(pieces)};
}

// What all upstreams of a test have in common: the answers to come and the requests that came.
struct Script {
  std::deque<Answer> answers;
  std::vector<upstream::Request> requests;
  std::vector<std::pair<std::string, std::string>> delivered;  // session, message
  std::function<void(const upstream::Request&)> on_request;
  std::deque<Answer> later;  // answers once a request that waited was cancelled
  bool keeps_sessions = false;
  int ended = 0;  // exchanges that were ended before their end
};

// Until ended from outside.
class Wait {
 public:
  explicit Wait(const boost::asio::any_io_executor& executor) : timer_(executor) {}
  net::awaitable<void> wait() {
    while (!over_) {
      timer_.expires_at(boost::asio::steady_timer::time_point::max());
      co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
  }
  void end() {
    over_ = true;
    timer_.cancel();
  }

 private:
  boost::asio::steady_timer timer_;
  bool over_ = false;
};

class FakeExchange final : public upstream::Exchange {
 public:
  FakeExchange(boost::asio::any_io_executor executor, Answer answer, Script& script)
      : answer_(std::move(answer)), script_(script), wait_(executor) {
    text_ = "HTTP/1.1 " + std::to_string(answer_.status) + " Any\r\n";
    for (const auto& [name, value] : answer_.headers) text_ += name + ": " + value + "\r\n";
    text_ += "Transfer-Encoding: chunked\r\n\r\n";
    const auto scanned = http::scan_response_head(text_, "POST", {64 * 1024, 8192, 100});
    EXPECT_TRUE(scanned) << text_;
    if (scanned) head_ = *scanned;
  }
  ~FakeExchange() override {
    if (!finished()) ++script_.ended;
  }

  const http::ResponseHead& head() const noexcept override { return head_; }

  net::awaitable<Result<std::string_view>> read_body() override {
    if (cancelled_) co_return fail(Errc::cancelled, "ended");
    if (next_ < answer_.pieces.size()) co_return piece();
    if (answer_.never_ends) {
      co_await wait_.wait();
      co_return fail(Errc::cancelled, "ended");
    }
    if (answer_.breaks) co_return *answer_.breaks;
    finished_ = true;
    co_return std::string_view();
  }

  Result<std::string_view> body_at_hand() override {
    if (!answer_.at_hand || answer_.pieces.empty()) return std::string_view();
    auto first = piece();
    finished_ = next_ == answer_.pieces.size() && !answer_.never_ends && !answer_.breaks;
    return first;
  }

  bool finished() const noexcept override { return finished_; }
  void cancel() noexcept override {
    cancelled_ = true;
    wait_.end();
  }
  std::string_view address() const noexcept override { return answer_.address; }

 private:
  Result<std::string_view> piece() {
    if (answer_.piece_read) answer_.piece_read();
    return std::string_view(answer_.pieces[next_++]);
  }

  Answer answer_;
  Script& script_;
  std::string text_;
  http::ResponseHead head_;
  std::size_t next_ = 0;
  bool finished_ = false;
  bool cancelled_ = false;
  Wait wait_;
};

// Answers as the script says. A request without an answer waits until it is cancelled.
class FakeUpstream final : public upstream::Upstream {
 public:
  FakeUpstream(boost::asio::any_io_executor executor, Script& script)
      : executor_(std::move(executor)), script_(script) {}

  net::awaitable<Result<std::unique_ptr<upstream::Exchange>>> exchange(upstream::Request request,
                                                                       upstream::CancelSlot& slot) override {
    script_.requests.push_back(std::move(request));
    if (script_.on_request) script_.on_request(script_.requests.back());
    if (slot.cancelled()) co_return fail(Errc::cancelled, "ended");
    if (script_.answers.empty()) {
      Wait wait(executor_);
      slot.on_cancel([&wait] { wait.end(); });
      co_await wait.wait();
      slot.on_cancel(nullptr);
      ++script_.ended;
      script_.answers = std::exchange(script_.later, {});
      co_return fail(Errc::cancelled, "ended");
    }
    auto answer = std::move(script_.answers.front());
    script_.answers.pop_front();
    if (answer.before) answer.before();
    if (answer.make) answer.pieces = {answer.make()};
    if (answer.instead) co_return *answer.instead;
    co_return std::make_unique<FakeExchange>(executor_, std::move(answer), script_);
  }

  net::awaitable<bool> deliver(std::string session, std::string message) override {
    script_.delivered.emplace_back(std::move(session), std::move(message));
    co_return script_.keeps_sessions;
  }

 private:
  boost::asio::any_io_executor executor_;
  Script& script_;
};

class FakeUpstreams final : public runtime::UpstreamFactory {
 public:
  std::unique_ptr<upstream::Upstream> make(boost::asio::any_io_executor executor, const config::Upstream&) override {
    return std::make_unique<FakeUpstream>(std::move(executor), script);
  }
  std::unique_ptr<upstream::Upstream> make_plain(boost::asio::any_io_executor executor,
                                                 const config::Upstream& settings) override {
    return make(std::move(executor), settings);
  }

  Script script;
};

}  // namespace postern::proxy
