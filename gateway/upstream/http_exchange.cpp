#include "upstream/http_exchange.hpp"

#include <algorithm>
#include <cstring>
#include <exception>

#include <boost/asio/co_spawn.hpp>

#include "base/strings.hpp"
#include "upstream/attached.hpp"

namespace postern::upstream {

namespace {

constexpr int kMostInformational = 8;
constexpr std::chrono::seconds kKeptShorter{1};
constexpr std::uint64_t kLongestSaid = 1'000'000;
// What the socket's buffer surely takes without waiting.
constexpr std::size_t kSentAtOnce = 64 * 1024;

net::SteadyTime from_now(std::chrono::milliseconds span) {
  if (span.count() <= 0) return net::kNoDeadline;
  return std::chrono::steady_clock::now() + span;
}

// The least of what is said there; nullopt for nothing, or nothing that can be read.
std::optional<std::chrono::seconds> keep_alive_timeout(const http::FieldBlock& fields) {
  constexpr std::string_view kName = "timeout=";
  std::optional<std::chrono::seconds> least;
  for (const http::Field& field : fields.all()) {
    if (!ascii_iequals(field.name, "keep-alive")) continue;
    for (const std::string_view part : split(field.value, ',')) {
      const std::string_view parameter = trim(part);
      std::uint64_t number = 0;
      if (!ascii_iequals(parameter.substr(0, kName.size()), kName)) continue;
      if (!parse_uint(parameter.substr(kName.size()), number)) continue;
      const std::chrono::seconds said(std::min<std::uint64_t>(number, kLongestSaid));
      least = std::min(least.value_or(said), said);
    }
  }
  return least;
}

Error broken(std::string_view what) { return fail(Errc::protocol, "the upstream's answer: " + std::string(what)); }

}  // namespace

HttpConversation::HttpConversation(Connection connection, const HttpUpstreamOptions& options, std::string authority)
    : connection_(std::move(connection)),
      limits_{.head = options.head, .target = 0, .fields = http::FieldBlock::kCapacity},
      response_timeout_(options.response_timeout),
      stream_idle_timeout_(options.stream_idle_timeout),
      idle_(options.idle),
      longest_idle_(options.longest_idle),
      authority_(std::move(authority)) {}

bool HttpConversation::was_stale(const Error& error) const noexcept {
  return connection_.reused() && !answered_ && error.code == Errc::closed;
}

awaitable<Result<void>> HttpConversation::begin(std::shared_ptr<HttpConversation> self,
                                                std::shared_ptr<const Outgoing> outgoing, CancelSlot& slot) {
  net::Stream* const stream = self->connection_.stream();
  const Attached attached(slot, [stream] { stream->close(); });
  const net::SteadyTime deadline = from_now(self->response_timeout_);
  stream->write_deadline(deadline);
  stream->read_deadline(deadline);
  if (outgoing->request.body.size() > kSentAtOnce) {
    send_beside(self, outgoing);
  } else {
    const auto sent = co_await send(self, outgoing);
    // A server may answer and close without having read everything: the answer counts.
    if (!sent && sent.error().code != Errc::closed) co_return sent.error();
    self->sent_ = sent.has_value();
  }
  std::string method = outgoing->request.method;
  outgoing.reset();
  const auto received = co_await read_head(self, std::move(method));
  co_return received;
}

awaitable<Result<void>> HttpConversation::send(std::shared_ptr<HttpConversation> self,
                                               std::shared_ptr<const Outgoing> outgoing) {
  const std::string_view pieces[] = {outgoing->head, outgoing->request.body};
  const std::span<const std::string_view> all(pieces);
  net::Stream* const stream = self->connection_.stream();
  if (stream == nullptr) co_return fail(Errc::cancelled, "the exchange was cancelled");
  const auto written = co_await stream->write(all);
  co_return written;
}

// A server that refuses a large body may answer and stop reading: waiting for the end of the write would miss that.
void HttpConversation::send_beside(const std::shared_ptr<HttpConversation>& self,
                                   std::shared_ptr<const Outgoing> outgoing) {
  boost::asio::co_spawn(self->connection_.stream()->executor(), send(self, std::move(outgoing)),
                        [self](const std::exception_ptr& thrown, const Result<void>& sent) {
                          self->sent_ = !thrown && sent;
                          if (thrown) self->abandon();
                        });
}

awaitable<Result<void>> HttpConversation::read_head(std::shared_ptr<HttpConversation> self, std::string method) {
  http::HeadFinder finder(self->limits_, http::HeadKind::response);
  for (;;) {
    const std::span<char> room = self->input_.room();
    const auto got = co_await self->connection_.stream()->read_some(room);
    if (!got && (got.error().code != Errc::closed || !self->answered_)) co_return got.error();
    if (!got || *got == 0) {
      if (self->answered_) co_return broken("it ends inside its head");
      co_return fail(Errc::closed, "the upstream closed the connection without an answer");
    }
    self->answered_ = true;
    self->input_.filled(*got);
    const auto complete = self->scan_head(finder, method);
    if (!complete) co_return complete.error();
    if (*complete) co_return Result<void>{};
  }
}

Result<bool> HttpConversation::scan_head(http::HeadFinder& finder, const std::string& method) {
  for (;;) {
    const auto size = finder.feed(input_.unread());
    if (!size) return broken(http::fault_text(size.error()));
    if (*size == 0) return false;
    head_text_.assign(input_.unread().substr(0, *size));
    input_.consume(*size);
    const auto head = http::scan_response_head(head_text_, method, limits_);
    if (!head) return broken(http::fault_text(head.error()));
    // RFC 9110 section 15.2: any number of informational answers may come before the final one; nobody asked for 101.
    if (head->status == 101) return broken("it switches protocols");
    if (head->status < 200) {
      if (++informational_ > kMostInformational) return broken("too many informational answers");
      finder.reset();
      if (input_.empty()) return false;
      continue;
    }
    head_ = *head;
    remaining_ = head_.content_length;
    const bool empty =
        head_.framing == http::Framing::none || (head_.framing == http::Framing::content_length && remaining_ == 0);
    if (empty) finish();
    return true;
  }
}

Result<std::string_view> HttpConversation::take() {
  if (failure_) return *failure_;
  if (finished_ || input_.empty()) return std::string_view();
  if (head_.framing == http::Framing::chunked) return take_chunks();
  std::string_view body = input_.unread();
  if (head_.framing == http::Framing::content_length && body.size() >= remaining_) {
    body = body.substr(0, static_cast<std::size_t>(remaining_));
  }
  input_.consume(body.size());
  remaining_ -= head_.framing == http::Framing::content_length ? body.size() : 0;
  if (head_.framing == http::Framing::content_length && remaining_ == 0) finish();
  return body;
}

// The bodies of the chunks at hand, moved together, so that they can be relayed as one.
Result<std::string_view> HttpConversation::take_chunks() {
  char* const start = input_.unread_data();
  std::size_t size = 0;
  while (!input_.empty() && !chunks_.done()) {
    const auto step = chunks_.decode(input_.unread());
    if (!step) {
      const Error error = fail_with(broken(step.error().reason));
      if (size == 0) return error;
      break;
    }
    if (step->consumed == 0) break;
    if (!step->body.empty()) std::memmove(start + size, step->body.data(), step->body.size());
    size += step->body.size();
    input_.consume(step->consumed);
  }
  if (chunks_.done()) finish();
  return std::string_view(start, size);
}

awaitable<Result<std::string_view>> HttpConversation::read_body(std::shared_ptr<HttpConversation> self) {
  for (;;) {
    const auto at_hand = self->take();
    if (!at_hand || !at_hand->empty() || self->finished_) co_return at_hand;

    net::Stream* const stream = self->connection_.stream();
    stream->read_deadline(from_now(self->stream_idle_timeout_));
    if (self->input_.empty() && self->input_.drained()) {
      self->input_.release();
      const auto ready = co_await stream->wait_readable();
      if (self->failure_) co_return *self->failure_;
      if (!ready) co_return self->fail_with(ready.error());
    }
    const std::span<char> room = self->input_.room();
    const auto got = co_await stream->read_some(room);
    if (self->failure_) co_return *self->failure_;
    if (!got) co_return self->fail_with(got.error());
    if (*got == 0) {
      if (self->head_.framing != http::Framing::until_close) {
        co_return self->fail_with(broken("it ends inside its body"));
      }
      self->finish();
    }
    self->input_.filled(*got);
  }
}

void HttpConversation::abandon() noexcept {
  if (!finished_ && !failure_) fail_with(fail(Errc::cancelled, "the exchange was cancelled"));
}

// RFC 9112 section 9.2: what follows an answer nobody asked for would be taken for the next one's.
void HttpConversation::finish() noexcept {
  finished_ = true;
  const bool reusable = sent_ && head_.keep_alive && head_.framing != http::Framing::until_close && input_.empty();
  const std::chrono::milliseconds idle = reusable ? idle_time() : std::chrono::milliseconds(0);
  if (idle.count() > 0) {
    connection_.keep(idle);
  } else {
    connection_.close();
  }
}

// How long the server keeps the connection, as it says in `Keep-Alive: timeout=SECONDS`: a request sent in that moment
// may be lost, and one that cannot be repeated with it. So ours ends a second earlier.
std::chrono::milliseconds HttpConversation::idle_time() const noexcept {
  const auto announced = keep_alive_timeout(head_.fields);
  if (!announced) return idle_;
  return std::min<std::chrono::milliseconds>(*announced - kKeptShorter, longest_idle_);
}

Error HttpConversation::fail_with(Error error) noexcept {
  failure_ = error;
  connection_.close();
  return error;
}

}  // namespace postern::upstream
