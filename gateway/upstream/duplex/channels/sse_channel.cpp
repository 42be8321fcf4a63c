#include "upstream/duplex/channels/sse_channel.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/strings.hpp"
#include "http/header/media_type.hpp"
#include "mcp/sse.hpp"
#include "upstream/duplex/channels/duplex_options.hpp"
#include "upstream/duplex/channels/endpoint.hpp"
#include "upstream/turned_away.hpp"
#include "upstream/upstream.hpp"

namespace postern::upstream {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostPosts = 256;  // under way or waiting for the endpoint
constexpr int kAccepted = 202;

// Of the Streamable HTTP transport, or of one message: this server is to see nothing of them.
constexpr std::array<std::string_view, 5> kNotPassed = {"accept", "content-type", "mcp-session-id", "last-event-id",
                                                        "mcp-protocol-version"};

http::Headers passed(const http::Headers& headers) {
  http::Headers out;
  for (const auto& field : headers.all()) {
    const bool kept = std::none_of(kNotPassed.begin(), kNotPassed.end(),
                                   [&field](auto other) { return ascii_iequals(field.first, other); });
    if (kept) out.add(field.first, field.second);
  }
  return out;
}

HttpUpstreamOptions http_options(const DuplexOptions& options, std::chrono::milliseconds stream_idle) {
  auto out = static_cast<const HttpUpstreamOptions&>(options);
  out.stream_idle_timeout = stream_idle;
  return out;
}

Error wrong_answer(std::string_view to, const http::ResponseHead& head, std::string_view name) {
  const auto location = shown_location(head.fields.only("location").value_or(""));
  auto what = "the server answered " + std::to_string(head.status) + " to " + std::string(to);
  if (!location.empty()) what += " with Location " + location;
  return fail(Errc::unavailable, what + ": " + advice_on(head.status, location, name));
}

class SseChannel final : public MessageChannel, public std::enable_shared_from_this<SseChannel> {
 public:
  SseChannel(const asio::any_io_executor& executor, const DuplexOptions& options, telemetry::Log& log,
             ChannelEvents events)
      : executor_(executor),
        name_(options.name),
        urls_(options.urls),
        log_(log),
        events_(std::move(events)),
        // Silence on the stream is no fault: such servers rarely send anything to keep it alive.
        streams_(make_http_upstream(executor, http_options(options, std::chrono::milliseconds(0)))),
        posts_(make_http_upstream(executor, http_options(options, options.response_timeout))) {}

  void start(const http::Headers& headers) {
    Request request;
    request.method = "GET";
    request.headers = passed(headers);
    request.headers.set("Accept", "text/event-stream");
    spawn(run(shared_from_this(), std::move(request)));
  }

  void send(std::string message, const http::Headers& headers, Sent sent) override {
    if (closing_) {
      sent(fail(Errc::closed, "the server has ended"));
      return;
    }
    if (under_way_ >= kMostPosts || queued_ + message.size() > kMostQueued) {
      sent(fail(Errc::busy, "the server does not take what it is sent"));
      return;
    }
    Request request;
    request.method = "POST";
    request.headers = passed(headers);
    request.headers.set("Content-Type", "application/json");
    request.headers.set("Accept", "application/json, text/event-stream");
    request.body = std::move(message);
    ++under_way_;
    queued_ += request.body.size();
    if (endpoint_) {
      spawn(post(shared_from_this(), std::move(request), std::move(sent)));
    } else {
      early_.push_back({std::move(request), std::move(sent)});
    }
  }

  void close() override {
    closing_ = true;
    slot_.cancel();
    if (stream_) stream_->cancel();
  }
  void kill() override { close(); }

 private:
  using Self = std::shared_ptr<SseChannel>;
  struct Early {
    Request request;
    Sent sent;
  };

  void spawn(asio::awaitable<void> work) {
    asio::co_spawn(executor_, std::move(work), [self = shared_from_this()](std::exception_ptr bug) {
      if (bug) self->log_.error("internal_error", {{"what", "a coroutine of an event stream threw"}});
    });
  }

  // From the GET to the end of its stream.
  static asio::awaitable<void> run(Self self, Request request) {
    co_await asio::post(self->executor_, asio::use_awaitable);  // nothing is told from within the call that began it
    auto why = co_await read_stream(self, std::move(request));
    self->closing_ = true;
    self->stream_.reset();
    for (auto& early : std::exchange(self->early_, {})) early.sent(why);
    const auto closed = std::exchange(self->events_, {}).closed;
    closed(why);
  }

  static asio::awaitable<Error> read_stream(Self self, Request request) {
    auto begun = co_await self->streams_->exchange(std::move(request), self->slot_);
    if (!begun) co_return begun.error();
    self->stream_ = std::move(*begun);
    const auto& head = self->stream_->head();
    const auto type = head.fields.only("content-type");
    if (head.status != 200) co_return wrong_answer("GET", head, self->name_);
    if (!type || !http::is_media_type(*type, "text/event-stream")) {
      co_return fail(Errc::unavailable, "the server answered GET with something else than an event stream");
    }
    self->address_ = self->stream_->address();
    mcp::SseSplitter splitter(kLongestMessage);
    while (!self->closing_ && !self->stream_->finished()) {
      const auto bytes = co_await self->stream_->read_body();
      if (!bytes) co_return fail(Errc::closed, "its event stream broke off: " + bytes.error().what);
      (void)splitter.feed(*bytes);  // an event that is too long is handed out as cut
      for (auto event = splitter.next(); !event.empty() && !self->closing_; event = splitter.next()) {
        const auto taken = self->take(event, splitter.is_cut());
        if (!taken) co_return taken.error();
      }
    }
    co_return fail(Errc::closed, "the server ended its event stream");
  }

  // MCP 2024-11-05 transports, "HTTP with SSE": first where to post, then messages.
  Result<void> take(std::string_view event, bool cut) {
    const auto name = mcp::sse_name(event);
    auto data = mcp::sse_data(event);
    if (name == "endpoint" && !cut) return take_endpoint(data);
    if (name != "message" || data.empty() || !endpoint_) return {};
    const auto& take = cut ? events_.too_long : events_.message;
    take(std::move(data));
    return {};
  }

  Result<void> take_endpoint(std::string_view data) {
    if (endpoint_) return {};  // the first one counts
    auto target = resolve_endpoint(own_url(), data);
    if (!target) return target.error();
    endpoint_ = std::move(*target);
    events_.opened();
    for (auto& early : std::exchange(early_, {})) {
      spawn(post(shared_from_this(), std::move(early.request), std::move(early.sent)));
    }
    return {};
  }

  // Of several URLs the one that answered.
  const std::string& own_url() const {
    const auto at = std::find_if(urls_.begin(), urls_.end(), [this](const auto& url) {
      return !address_.empty() && url.find("://" + address_) != std::string::npos;
    });
    return at == urls_.end() ? urls_.front() : *at;
  }

  static asio::awaitable<void> post(Self self, Request request, Sent sent) {
    const std::size_t size = request.body.size();
    request.target = *self->endpoint_;
    request.address = self->address_;
    CancelSlot slot;  // bounded by the upstream's own deadlines
    auto answer = co_await self->posts_->exchange(std::move(request), slot);
    --self->under_way_;
    self->queued_ -= size;
    if (!answer) {
      sent(answer.error());
      co_return;
    }
    const int status = (*answer)->head().status;
    if (status == kAccepted || status == 200 || status == 204) {
      sent(Result<void>());
      co_await read_away(**answer);
      co_return;
    }
    sent(wrong_answer("POST", (*answer)->head(), self->name_));
    // It knows nothing of the session any more: whoever uses it must begin anew.
    if (status == 404) self->close();
  }

  // So that the connection can be used again.
  static asio::awaitable<void> read_away(Exchange& answer) {
    std::size_t read = 0;
    while (!answer.finished() && read < 64 * 1024) {
      const auto bytes = co_await answer.read_body();
      if (!bytes) co_return;
      read += bytes->size();
    }
  }

  asio::any_io_executor executor_;
  std::string name_;
  std::vector<std::string> urls_;
  telemetry::Log& log_;
  ChannelEvents events_;
  std::unique_ptr<Upstream> streams_;
  std::unique_ptr<Upstream> posts_;
  CancelSlot slot_;
  std::unique_ptr<Exchange> stream_;
  std::string address_;
  std::optional<std::string> endpoint_;
  std::deque<Early> early_;
  std::size_t under_way_ = 0;
  std::size_t queued_ = 0;
  bool closing_ = false;
};

}  // namespace

std::shared_ptr<MessageChannel> open_sse_channel(const asio::any_io_executor& executor, const DuplexOptions& options,
                                                 const http::Headers& headers, telemetry::Log& log,
                                                 ChannelEvents events) {
  const auto channel = std::make_shared<SseChannel>(executor, options, log, std::move(events));
  channel->start(headers);
  return channel;
}

}  // namespace postern::upstream
