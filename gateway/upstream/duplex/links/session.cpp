#include "upstream/duplex/links/session.hpp"

#include <algorithm>
#include <utility>

#include "base/strings.hpp"
#include "mcp/json_members.hpp"

namespace postern::upstream {

namespace {

using nlohmann::json;

constexpr std::size_t kMostKept = 256 * 1024;
constexpr std::size_t kMostEvents = 128;
constexpr int kRefused = -32003;

AnswerHead stream_head() { return {.type = "text/event-stream"}; }

// MCP 2026-07-28 transports: errors of the protocol itself have a status of their own, so that whoever stands between
// need not read bodies. Earlier revisions answer 200.
int status_of(const Waiting& waiting, std::string_view message) {
  if (!waiting.modern) return 200;
  const auto written = mcp::find_at(message, {"error", "code"});
  std::uint64_t below_zero = 0;
  const bool read = written.text.starts_with('-') && parse_uint(written.text.substr(1), below_zero);
  if (!written.plain || !read) return 200;
  if (below_zero == 32601) return 404;
  const bool of_protocol = below_zero == 32700 || below_zero == 32600 || (below_zero >= 32020 && below_zero <= 32022);
  return of_protocol ? 400 : 200;
}

}  // namespace

std::string event_of(std::string_view message) {
  std::string event = "event: message\ndata: ";
  event += message;
  event += "\n\n";
  return event;
}

void Waiting::emit(const std::string& event) {
  last = std::chrono::steady_clock::now();
  if (!begun) pipe->begin(stream_head());
  begun = true;
  if (!event.empty()) pipe->push(event);
}

void Waiting::answer(std::string message, const std::string& new_session) {
  if (!pipe) return;
  if (begun) {
    pipe->push(event_of(message));
    pipe->finish();
  } else {
    const int status = status_of(*this, message);
    pipe->answer({.status = status, .type = "application/json", .session = new_session}, std::move(message));
  }
  pipe.reset();
}

void Waiting::give_up(const Error& why) {
  if (!pipe) return;
  if (begun) {
    const bool late = why.code == Errc::timed_out;
    const auto* sentence = late ? "the server behind this gateway did not answer in time"
                                : "the server behind this gateway ended before it answered; try again";
    const json data = {{"error", late ? "upstream_timeout" : "upstream_error"}};
    pipe->push(event_of(mcp::error_body(id, kRefused, sentence, data)));
    pipe->finish();
  } else {
    pipe->fail(why);
  }
  pipe.reset();
}

void Session::deliver(std::string event) {
  if (listening && !listening->abandoned()) {
    listening->push(std::move(event));
    return;
  }
  kept_ += event.size();
  backlog_.push_back(std::move(event));
  while (backlog_.size() > kMostEvents || kept_ > kMostKept) {
    kept_ -= backlog_.front().size();
    backlog_.pop_front();
  }
}

void Session::deliver_once(std::string event) {
  if (std::find(backlog_.begin(), backlog_.end(), event) == backlog_.end()) deliver(std::move(event));
}

void Session::listen(std::shared_ptr<AnswerPipe> pipe) {
  // A client whose connection broke comes back before its end was noticed: the last one counts.
  if (listening) listening->finish();
  listening = std::move(pipe);
  listening->begin(stream_head());
  for (auto& event : backlog_) listening->push(std::move(event));
  backlog_.clear();
  kept_ = 0;
}

}  // namespace postern::upstream
