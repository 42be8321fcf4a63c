#include <algorithm>

#include "edge/http1/connection.hpp"
#include "http/wire/chunked.hpp"

namespace postern::edge {
namespace {

BodyFault too_large() {
  return {413, "body_too_large", "the body is larger than this gateway takes; send less, or raise limits.body"};
}
BodyFault no_memory() {
  return {503, "temporarily_unavailable", "the gateway holds as many large bodies as it may; try again in a moment", 2};
}
BodyFault gone() { return {}; }

}  // namespace

BodyFault Connection::broken_off(const Error& error) const {
  if (error.code != Errc::timed_out) return gone();
  if (!connections_.draining()) return {408, "request_timeout", "the body took too long to arrive"};
  return {503, "temporarily_unavailable",
          "the gateway is being restarted before the body was there; send the request again in a moment", 2};
}

awaitable<Result<std::string, BodyFault>> Connection::read_body(std::size_t limit, limits::BodyShare share) {
  const auto& head = context_.head;
  if (head.framing == http::Framing::none) {
    context_.body_read = true;
    co_return std::string();
  }
  if (head.framing == http::Framing::content_length && head.content_length > limit) {
    keep_alive_ = false;
    co_return too_large();
  }
  // RFC 9110 section 10.1.1: answered here, never by the server behind.
  if (head.expect_continue && input_.data().empty()) {
    const std::string_view pieces[] = {"HTTP/1.1 100 Continue\r\n\r\n"};
    stream_->write_deadline(after(limits_.write_deadline));
    const auto sent = co_await stream_->write(pieces);
    if (!sent) co_return gone();
  }
  stream_->read_deadline(body_deadline());
  context_.body_read = true;
  context_.body_share = std::move(share);
  awaits_body_ = true;
  Result<std::string, BodyFault> body = gone();
  if (head.framing == http::Framing::content_length) {
    body = co_await read_sized(context_.body_share, head.content_length);
  } else {
    body = co_await read_chunked(context_.body_share, limit);
  }
  awaits_body_ = false;
  if (!body) keep_alive_ = false;
  co_return body;
}

awaitable<Result<std::string, BodyFault>> Connection::read_sized(limits::BodyShare& share, std::uint64_t length) {
  constexpr std::size_t kStep = 64 * 1024;  // memory follows what arrived, not what was announced
  const auto size = static_cast<std::size_t>(length);
  std::string body(input_.data().substr(0, std::min(size, input_.data().size())));
  input_.consume(body.size());
  std::size_t filled = body.size();
  while (filled < size) {
    if (body.size() == filled) {
      const auto larger = std::min(size, filled + std::max(kStep, filled));
      if (!share.grow_to(larger)) co_return no_memory();
      body.resize(larger);
    }
    const std::span<char> space(body.data() + filled, body.size() - filled);
    const auto got = co_await stream_->read_some(space);
    if (!got) co_return broken_off(got.error());
    if (*got == 0) co_return gone();
    filled += *got;
  }
  co_return body;
}

awaitable<Result<std::string, BodyFault>> Connection::read_chunked(limits::BodyShare& share, std::size_t limit) {
  http::ChunkedDecoder decoder;
  std::string body;
  for (;;) {
    while (!input_.data().empty() && !decoder.done()) {
      const auto step = decoder.decode(input_.data());
      if (!step) {
        co_return BodyFault{step.error().status, std::string(step.error().error), std::string(step.error().reason)};
      }
      if (body.size() + step->body.size() > limit) co_return too_large();
      if (!append_counted(body, step->body, limit, share)) co_return no_memory();
      input_.consume(step->consumed);
      if (step->consumed == 0) break;
    }
    if (decoder.done()) co_return body;
    const auto space = input_.space();
    if (space.empty()) co_return gone();
    const auto got = co_await stream_->read_some(space);
    if (!got) co_return broken_off(got.error());
    if (*got == 0) co_return gone();
    input_.received(*got);
  }
}

}  // namespace postern::edge
