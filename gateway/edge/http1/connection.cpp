#include "edge/http1/connection.hpp"

#include <algorithm>
#include <ctime>

#include "edge/error_body.hpp"
#include "http/url/url.hpp"
#include "http/wire/chunked.hpp"

namespace postern::edge {

using std::chrono::steady_clock;

namespace {

// Nothing was done of a request whose body is not there: its client sends it again, to whoever comes next.
constexpr Duration kBodyWhenDraining = std::chrono::seconds(1);

}  // namespace

Connection::Connection(std::unique_ptr<net::Stream> stream, ListenerInfo listener, Connections& connections,
                       const Handler& handler)
    : stream_(std::move(stream)),
      listener_(listener),
      connections_(connections),
      handler_(handler),
      limits_(connections.settings()->limits),
      input_(limits_.head),
      watcher_(stream_->executor()) {
  connections_.add(this);
}

Connection::~Connection() { connections_.remove(this); }

void Connection::close() noexcept { stream_->close(); }

void Connection::drain() noexcept {
  if (idle_) {
    stream_->close();
  } else if (awaits_body_) {
    stream_->read_deadline(body_deadline());
  }
}

net::SteadyTime Connection::body_deadline() const {
  return after(connections_.draining() ? std::min(limits_.body_deadline, kBodyWhenDraining) : limits_.body_deadline);
}

net::SteadyTime Connection::after(Duration duration) const { return steady_clock::now() + duration; }

awaitable<void> Connection::run() {
  bool again = true;
  while (again) again = co_await serve_one();
  stream_->write_deadline(after(limits_.write_deadline));
  stream_->read_deadline(after(std::chrono::seconds(2)));
  co_await stream_->shutdown();
}

// One request and its answer; false when the connection ends.
awaitable<bool> Connection::serve_one() {
  http::HeadFinder finder({limits_.head, 8192, 100});
  idle_ = true;
  idle_since_ = steady_clock::now();
  keep_alive_ = true;
  if (connections_.draining()) co_return false;
  const auto size = co_await read_head(finder);
  if (!size) co_return false;
  idle_ = false;

  context_ = {};
  context_.listener = listener_;
  context_.started = steady_clock::now();
  const auto bytes = input_.pin(*size);
  auto head = http::scan_request_head(bytes, {limits_.head, 8192, 100});
  if (!head) {
    co_await refuse_head(head.error());
    co_return false;
  }
  context_.head = *head;
  context_.id = connections_.next_request_id();
  find_client();
  keep_alive_ = context_.head.keep_alive && !connections_.draining();
  co_await dispatch();
  if (keep_alive_) co_await finish_body();
  context_ = {};  // the share of its body goes, however long the next request takes to come
  input_.unpin();
  co_return keep_alive_;
}

void Connection::find_client() {
  const auto settings = connections_.settings();
  const auto& proxies = settings->proxies;
  auto client = proxies.client_address(stream_->peer(), context_.head.fields);
  context_.peer = std::move(client.address);
  const auto& shared = connections_.shared();
  if (!client.unreadable || !shared.said.first("client_address_unreadable")) return;
  const auto what =
      std::string(proxies.header()) +
      " holds an entry that is not an address: all clients behind this proxy share its limits and lock-outs. "
      "Let the proxy write plain addresses, or name the header that it sets in `client_ip_header`. This "
      "is written once.";
  shared.log.warning("client_address_unreadable",
                     {{"request_id", context_.id}, {"peer", context_.peer}, {"what", what}});
}

awaitable<std::optional<std::size_t>> Connection::read_head(http::HeadFinder& finder) {
  bool begun = !input_.data().empty();
  stream_->read_deadline(after(begun ? limits_.header_deadline : limits_.idle));
  for (;;) {
    const auto found = finder.feed(input_.data());
    if (!found) {
      co_await refuse_head(found.error());
      co_return std::nullopt;
    }
    if (*found > 0) co_return *found;
    const bool more = co_await fill();
    if (!more) co_return std::nullopt;
    if (!begun) {
      begun = true;
      stream_->read_deadline(after(limits_.header_deadline));
    }
  }
}

// Reads some bytes; answers 408 when the time for a head that had begun is over.
awaitable<bool> Connection::fill() {
  const bool begun = !input_.data().empty();
  const auto space = input_.space();
  if (space.empty()) co_return false;
  const auto got = co_await stream_->read_some(space);
  if (got && *got > 0) {
    input_.received(*got);
    co_return true;
  }
  if (!got && got.error().code == Errc::timed_out && begun) {
    const http::HeadFault late{408, "request_timeout", "the request took too long to arrive"};
    co_await refuse_head(late);
  }
  co_return false;
}

awaitable<void> Connection::refuse_head(const http::HeadFault& fault) {
  keep_alive_ = false;
  connections_.shared().metrics.bad_request(fault.status);
  const auto id = connections_.next_request_id();
  const auto reason = http::fault_text(fault);
  if (connections_.shared().refusals.admits(telemetry::StrangerLine::refused, stream_->peer(),
                                            std::chrono::steady_clock::now())) {
    connections_.shared().log.info(
        "bad_request", {{"request_id", id}, {"peer", stream_->peer()}, {"status", fault.status}, {"reason", reason}});
  }
  const auto response = error_response(fault.status, fault.error, reason, id);
  const auto head = response_head(response.status, response.headers, false, false, response.body.size());
  const std::string_view pieces[] = {head, response.body};
  stream_->write_deadline(after(limits_.write_deadline));
  co_await stream_->write(pieces);
}

awaitable<void> Connection::dispatch() {
  std::exception_ptr bug;
  try {
    co_await handler_(*this);
  } catch (...) {
    bug = std::current_exception();
  }
  if (!bug) co_return;
  // Nobody knows how far the answer got: the connection is of no more use.
  abort();
  if (watching_) co_await unwatch();
  std::string what;
  try {
    std::rethrow_exception(bug);
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
    what = "unknown";
  }
  connections_.shared().log.error("internal_error", {{"request_id", context_.id}, {"what", what}});
}

// A request refused early leaves its body behind: small ones are read away, so that the connection can go on.
awaitable<void> Connection::finish_body() {
  constexpr std::uint64_t kSmall = 64 * 1024;
  const auto& head = context_.head;
  if (context_.body_read || head.framing == http::Framing::none) co_return;
  const bool small = head.framing == http::Framing::content_length && head.content_length <= kSmall;
  if (!small || head.expect_continue) {
    keep_alive_ = false;
    co_return;
  }
  stream_->read_deadline(body_deadline());
  context_.body_share =
      limits::BodyShare(connections_.shared().unread_bodies, limits::kEndpointBodies, {.address = context_.peer});
  awaits_body_ = true;
  const auto body = co_await read_sized(context_.body_share, head.content_length);
  awaits_body_ = false;
  if (!body) keep_alive_ = false;
}

std::string Connection::response_head(int status, const http::Headers& headers, bool keep_alive, bool chunked,
                                      std::optional<std::uint64_t> length) const {
  std::string out;
  out.reserve(512);
  out += "HTTP/1.1 ";
  out += std::to_string(status);
  out += ' ';
  out += http::reason_phrase(status);
  out += "\r\nDate: ";
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char date[40];
  out.append(date, std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts));
  for (const auto& [name, value] : headers.all()) {
    out += "\r\n";
    out += name;
    out += ": ";
    out += value;
  }
  if (length && status != 204 && status != 304) out += "\r\nContent-Length: " + std::to_string(*length);
  if (chunked) out += "\r\nTransfer-Encoding: chunked";
  if (!keep_alive) out += "\r\nConnection: close";
  if (listener_.secure && !headers.get("Strict-Transport-Security"))
    out += "\r\nStrict-Transport-Security: max-age=31536000";
  out += "\r\n\r\n";
  return out;
}

awaitable<void> Connection::reply(http::Response response) {
  const auto& request = context_.head;
  const bool head_only = request.method == "HEAD";
  // An answer sent before a large or awaited body was read ends the connection (RFC 9112 section 9.6).
  const bool body_left = !context_.body_read && request.framing != http::Framing::none;
  if (body_left && (request.expect_continue || request.framing != http::Framing::content_length ||
                    request.content_length > 64 * 1024)) {
    keep_alive_ = false;
  }
  if (connections_.draining()) keep_alive_ = false;
  const auto head = response_head(response.status, response.headers, keep_alive_, false, response.body.size());
  const std::string_view pieces[] = {head, head_only ? std::string_view() : std::string_view(response.body)};
  stream_->write_deadline(after(limits_.write_deadline));
  const auto sent = co_await stream_->write(pieces);
  if (!sent) keep_alive_ = false;
}

awaitable<bool> Connection::begin(int status, const http::Headers& headers, std::optional<std::uint64_t> length,
                                  std::string_view first) {
  chunked_ = !length && context_.head.minor == 1;
  if (!length && !chunked_) keep_alive_ = false;  // HTTP/1.0: the end of the body is the end of the connection
  if (connections_.draining()) keep_alive_ = false;
  const auto head = response_head(status, headers, keep_alive_, chunked_, length);
  char size[24];
  const std::size_t digits = chunked_ && !first.empty() ? http::write_chunk_size(size, first.size()) : 0;
  const std::string_view end = digits > 0 ? "\r\n" : "";
  const std::string_view pieces[] = {head, {size, digits}, first, end};
  stream_->write_deadline(after(limits_.write_deadline));
  const auto sent = co_await stream_->write(pieces);
  if (!sent) keep_alive_ = false;
  co_return sent.has_value();
}

awaitable<bool> Connection::send(std::string_view bytes) {
  if (bytes.empty()) co_return true;  // an empty chunk would end the body
  char size[24];
  const std::size_t digits = chunked_ ? http::write_chunk_size(size, bytes.size()) : 0;
  const std::string_view end = digits > 0 ? "\r\n" : "";
  const std::string_view pieces[] = {{size, digits}, bytes, end};
  stream_->write_deadline(after(limits_.write_deadline));
  const auto sent = co_await stream_->write(pieces);
  if (!sent) keep_alive_ = false;
  co_return sent.has_value();
}

awaitable<bool> Connection::finish() {
  if (!chunked_) co_return true;
  const std::string_view pieces[] = {http::kLastChunk};
  stream_->write_deadline(after(limits_.write_deadline));
  const auto sent = co_await stream_->write(pieces);
  if (!sent) keep_alive_ = false;
  co_return sent.has_value();
}

void Connection::abort() noexcept {
  keep_alive_ = false;
  stream_->close();
}

}  // namespace postern::edge
