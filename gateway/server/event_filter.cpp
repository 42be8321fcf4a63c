#include "server/event_filter.hpp"

#include <bit>
#include <utility>

#include "mcp/answer.hpp"
#include "mcp/one_line.hpp"

namespace postern::server {
namespace {

constexpr std::string_view kTooLarge = "it is larger than the gateway may hold";
constexpr std::string_view kNeverCame = "the stream ended without an answer, and an event on it could not be read";

// JSON-RPC has objects, and once had arrays of them.
bool looks_like_message(std::string_view data) noexcept {
  const auto first = data.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (data[first] == '{' || data[first] == '[');
}

}  // namespace

EventFilter::EventFilter(Tools tools, nlohmann::json asked, BodyBudget& budget, std::size_t limit)
    : tools_(std::move(tools)), asked_(std::move(asked)), share_(budget), splitter_(limit) {}

std::string_view EventFilter::take(std::string_view bytes) {
  out_.clear();
  // An event that is too large is passed on as cut off, and left out below.
  (void)splitter_.feed(bytes);
  if (!share_.grow_to(splitter_.rest().size())) splitter_.cut_rest();
  for (auto event = splitter_.next(); !event.empty(); event = splitter_.next()) take_event(event);
  return out_;
}

void EventFilter::take_event(std::string_view event) {
  may_resume_ = may_resume_ || mcp::sse_has_id(event);
  const auto data = mcp::sse_data(event);
  if (splitter_.is_cut()) return leave_out(event, data, kTooLarge);
  if (data.empty()) return pass(event, data, std::nullopt);
  const auto filtered = tools_.filter(data);
  if (!filtered) return leave_out(event, data, filtered.error().reason);
  pass(event, data, *filtered);
}

void EventFilter::pass(std::string_view event, std::string_view data, const std::optional<std::string>& changed) {
  if (!asked_.is_null() && !answered_) {
    const auto envelope = mcp::read_envelope(data);
    answered_ = envelope.has_answer() && envelope.id_value() == asked_;
  }
  if (changed && changed->empty()) {
    out_ += mcp::sse_without_data(event);
  } else if (changed) {
    out_ += mcp::sse_with_data(event, mcp::without_line_ends(*changed));
  } else if (mcp::sse_is_plain(event)) {
    out_ += event;
  } else {
    out_ += data.empty() ? mcp::sse_without_data(event)
                         : mcp::sse_with_data(event, mcp::without_line_ends(std::string(data)));
  }
}

void EventFilter::leave_out(std::string_view event, std::string_view data, std::string_view why) {
  out_ += mcp::sse_without_data(event);
  // WHATWG HTML section 9.2.6, and the SDKs: clients of MCP listen for messages, and hear nothing of other events.
  if (mcp::sse_name(event) != "message") return;
  if (std::has_single_bit(++left_out_)) tools_.warn(why, left_out_);
  tell_of_lost_answer(data, why);
}

void EventFilter::tell_of_lost_answer(std::string_view data, std::string_view why) {
  const auto envelope = mcp::read_envelope(data);
  if (asked_.is_null()) {
    const auto id = envelope.has_answer() && !envelope.has_method() ? envelope.id_value() : nlohmann::json();
    if (envelope.ids_agree && !id.is_null()) fail_request(id, why);
    return;
  }
  if (answered_) return;
  if (mcp::may_answer(envelope, asked_)) {
    fail_request(asked_, why);
  } else {
    maybe_lost_ = maybe_lost_ || (looks_like_message(data) && !envelope.has_method() && !envelope.has_answer());
  }
}

void EventFilter::fail_request(const nlohmann::json& id, std::string_view why) {
  answered_ = true;
  failed_ = true;
  out_ += mcp::sse_with_data("event: message\n", tools_.error(id, why));
}

std::string_view EventFilter::finish() {
  out_.clear();
  // MCP 2025-11-25 transports, "Sending Messages to the Server": a server may end the stream before the answer, for its
  // client to come back with the last event id. That is not to be taken for an answer that was lost.
  const bool lost = left_out_ > 0 && (maybe_lost_ || !may_resume_);
  if (!asked_.is_null() && !answered_ && lost) fail_request(asked_, kNeverCame);
  return out_;
}

}  // namespace postern::server
