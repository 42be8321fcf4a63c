#include "upstream/duplex/hub.hpp"

#include <future>
#include <utility>

#include <boost/asio/post.hpp>

#include "base/strings.hpp"
#include "http/fields.hpp"
#include "mcp/header_check.hpp"
#include "upstream/attached.hpp"

namespace postern::upstream {

namespace asio = boost::asio;

namespace {

// A program gets some seconds from the end of its input to SIGKILL.
constexpr std::chrono::seconds kUntilKilled{7};
constexpr std::chrono::seconds kUntilGone{2};
// The hub has a deadline for everything; this one is for the hub itself.
constexpr std::chrono::seconds kHubsOwn{30};
constexpr int kAccepted = 202;
// What may wait for clients that read slowly, in bytes: of all, and of one user, which is some of the longest messages.
constexpr std::size_t kAnswers = 512 * 1024 * 1024;
constexpr std::size_t kAnswersOfUser = 64 * 1024 * 1024;

class DuplexExchange final : public Exchange {
 public:
  DuplexExchange(std::shared_ptr<AnswerPipe> pipe, std::shared_ptr<Waker> waker, AnswerHead answer)
      : pipe_(std::move(pipe)), waker_(std::move(waker)), answer_(std::move(answer)) {
    head_.status = answer_.status;
    const auto add = [this](std::string_view name, std::string_view value) {
      if (!value.empty()) head_.fields.push({name, value});
    };
    add("Content-Type", answer_.type);
    add("Mcp-Session-Id", answer_.session);
    add("Allow", answer_.allow);
    if (answer_.retry_after > 0) retry_after_ = std::to_string(answer_.retry_after);
    add("Retry-After", retry_after_);
    if (!answer_.length) {
      head_.framing = http::Framing::chunked;
    } else if (*answer_.length > 0) {
      head_.framing = http::Framing::content_length;
      head_.content_length = *answer_.length;
    }
  }
  ~DuplexExchange() override { pipe_->abandon(); }
  DuplexExchange(const DuplexExchange&) = delete;
  DuplexExchange& operator=(const DuplexExchange&) = delete;

  const http::ResponseHead& head() const noexcept override { return head_; }
  awaitable<Result<std::string_view>> read_body() override { return read(this, pipe_, waker_); }
  Result<std::string_view> body_at_hand() override {
    auto bytes = pipe_->take();
    if (!bytes) return bytes.error();
    bytes_ = std::move(*bytes);
    return std::string_view(bytes_);
  }
  bool finished() const noexcept override { return pipe_->at_end(); }
  void cancel() noexcept override { pipe_->abandon(); }

 private:
  // `self` is not looked at after a wait that was cancelled: the exchange may be gone.
  static awaitable<Result<std::string_view>> read(DuplexExchange* self, std::shared_ptr<AnswerPipe> pipe,
                                                  std::shared_ptr<Waker> waker) {
    auto bytes = co_await pipe->next(*waker);
    if (!bytes) co_return bytes.error();
    self->bytes_ = std::move(*bytes);
    co_return std::string_view(self->bytes_);
  }

  std::shared_ptr<AnswerPipe> pipe_;
  std::shared_ptr<Waker> waker_;
  AnswerHead answer_;
  std::string retry_after_;
  http::ResponseHead head_;
  std::string bytes_;
};

// Clients of Streamable HTTP must take both (MCP 2025-11-25 transports, "Sending Messages"); one that says nothing of
// event streams gets its answer as one piece.
bool takes_events(const http::Headers& headers) {
  const auto accept = headers.get("accept");
  return !accept || accept->find("text/event-stream") != std::string_view::npos ||
         accept->find("*/*") != std::string_view::npos;
}

Call call_of(Request request) {
  Call call;
  call.method = std::move(request.method);
  call.session = request.headers.get("mcp-session-id").value_or("");
  call.caller = std::move(request.caller);
  call.user = std::move(request.user);
  call.streams = takes_events(request.headers);
  const auto version = request.headers.get("mcp-protocol-version");
  call.modern = version && mcp::is_modern_version(*version);
  call.body = std::move(request.body);
  call.headers = std::move(request.headers);
  return call;
}

awaitable<Result<std::unique_ptr<Exchange>>> exchange_with(asio::any_io_executor worker,
                                                           std::shared_ptr<DuplexServer> server,
                                                           std::shared_ptr<AnswerBudget> budget, Request request,
                                                           CancelSlot& slot) {
  const auto waker = std::make_shared<Waker>(worker);
  const auto pipe = std::make_shared<AnswerPipe>(waker, budget, request.user);
  Call call = call_of(std::move(request));
  call.pipe = pipe;
  pipe->on_abandon([server, session = call.session, weak = std::weak_ptr(pipe)] {
    asio::post(server->executor(), [server, session, left = weak.lock()] {
      if (left) server->left(session, left);
    });
  });
  if (slot.cancelled()) co_return fail(Errc::cancelled, "the exchange was cancelled");
  asio::post(server->executor(),
             [server, call = std::make_shared<Call>(std::move(call))] { server->handle(std::move(*call)); });
  const Attached attached(slot, [pipe] { pipe->abandon(); });
  const auto deadline = std::chrono::steady_clock::now() + server->options().connect_timeout +
                        server->options().response_timeout + kHubsOwn;
  auto head = co_await pipe->wait_for_head(*waker, deadline);
  if (!head) {
    pipe->abandon();
    co_return head.error();
  }
  co_return std::make_unique<DuplexExchange>(pipe, waker, std::move(*head));
}

awaitable<bool> deliver_with(asio::any_io_executor worker, std::shared_ptr<DuplexServer> server,
                             std::shared_ptr<AnswerBudget> budget, std::string session, std::string message) {
  const auto waker = std::make_shared<Waker>(worker);
  const auto pipe = std::make_shared<AnswerPipe>(waker, budget, std::string());
  asio::post(server->executor(), [server, pipe, session = std::move(session), message = std::move(message)] {
    server->deliver(*pipe, session, message);
  });
  const auto deadline = std::chrono::steady_clock::now() + kHubsOwn;
  const auto head = co_await pipe->wait_for_head(*waker, deadline);
  pipe->abandon();
  co_return head && head->status == kAccepted;
}

class DuplexUpstream final : public Upstream {
 public:
  DuplexUpstream(asio::any_io_executor worker, std::shared_ptr<DuplexServer> server,
                 std::shared_ptr<AnswerBudget> budget)
      : worker_(std::move(worker)), server_(std::move(server)), budget_(std::move(budget)) {}

  awaitable<Result<std::unique_ptr<Exchange>>> exchange(Request request, CancelSlot& slot) override {
    return exchange_with(worker_, server_, budget_, std::move(request), slot);
  }
  awaitable<bool> deliver(std::string session, std::string message) override {
    return deliver_with(worker_, server_, budget_, std::move(session), std::move(message));
  }

 private:
  asio::any_io_executor worker_;
  std::shared_ptr<DuplexServer> server_;
  std::shared_ptr<AnswerBudget> budget_;
};

}  // namespace

DuplexHub::DuplexHub(telemetry::Log& log, std::size_t child_files)
    : log_(log),
      child_files_(child_files),
      budget_(std::make_shared<AnswerBudget>(kAnswers, kAnswersOfUser)),
      guard_(asio::make_work_guard(io_)),
      thread_([this] { io_.run(); }) {}

DuplexHub::~DuplexHub() { stop(); }

std::unique_ptr<Upstream> DuplexHub::upstream(asio::any_io_executor worker, const DuplexOptions& options) {
  const std::lock_guard lock(mutex_);
  auto& server = servers_[options.name];
  if (!server) {
    DuplexOptions made_with = options;
    made_with.child.open_files = child_files_;
    server = std::make_shared<DuplexServer>(io_.get_executor(), std::move(made_with), log_);
    asio::post(io_, [made = server] { made->start(); });
  }
  return std::make_unique<DuplexUpstream>(std::move(worker), server, budget_);
}

std::size_t DuplexHub::running(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto at = servers_.find(name);
  return at == servers_.end() ? 0 : at->second->running();
}

bool DuplexHub::idle() {
  std::promise<bool> answer;
  auto answered = answer.get_future();
  asio::post(io_, [this, &answer] {
    bool all = true;
    const std::lock_guard lock(mutex_);
    for (const auto& [name, server] : servers_) all = all && server->idle();
    answer.set_value(all);
  });
  return answered.get();
}

void DuplexHub::stop() {
  if (!thread_.joinable()) return;
  const auto each = [this](void (DuplexServer::*act)()) {
    asio::post(io_, [this, act] {
      const std::lock_guard lock(mutex_);
      for (const auto& [name, server] : servers_) (server.get()->*act)();
    });
  };
  const auto wait = [this](std::chrono::seconds longest) {
    const auto until = std::chrono::steady_clock::now() + longest;
    while (!idle() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  };
  each(&DuplexServer::close);
  wait(kUntilKilled);
  each(&DuplexServer::kill);
  wait(kUntilGone);
  guard_.reset();
  io_.stop();
  thread_.join();
}

}  // namespace postern::upstream
