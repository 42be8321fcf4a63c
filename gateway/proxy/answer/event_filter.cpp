#include "proxy/answer/event_filter.hpp"

#include <bit>
#include <utility>

#include "mcp/answer.hpp"
#include "mcp/one_line.hpp"
#include "mcp/repair.hpp"
#include "proxy/long_work.hpp"

namespace postern::proxy {
namespace {

constexpr std::string_view kTooLarge = "it is larger than the gateway may hold";
constexpr std::string_view kNoRoom = "the gateway holds as many large answers as it may";
constexpr std::string_view kNeverCame = "the stream ended without an answer, and an event on it could not be read";

// JSON-RPC has objects, and once had arrays of them.
bool looks_like_message(std::string_view data) noexcept {
  const auto first = data.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (data[first] == '{' || data[first] == '[');
}

// What tells whose answer an event is, where nothing else of it is read.
std::string beginning_of(std::string_view event) { return mcp::sse_data(event.substr(0, kLongText)); }

}  // namespace

bool count_rest(mcp::SseSplitter& splitter, limits::BodyShare& share) {
  const auto rest = splitter.rest().size();
  if (rest <= limits::BodyShare::kFree) {
    share.shrink_to(rest);
    return true;
  }
  share.shrink_to(splitter.memory());
  if (share.grow_to(splitter.memory())) return true;
  splitter.trim();
  return share.grow_to(splitter.memory());
}

EventFilter::EventFilter(Tools tools, nlohmann::json asked, limits::BodyShare share, std::size_t limit)
    : tools_(std::move(tools)), asked_(std::move(asked)), share_(std::move(share)), splitter_(limit) {}

void EventFilter::feed(std::string_view bytes) {
  if (is_long(out_.capacity())) {
    out_ = {};
  } else {
    out_.clear();
  }
  // An event that is too large is passed on as cut off, and left out below.
  (void)splitter_.feed(bytes);
  if (!count_rest(splitter_, share_)) splitter_.give_up_rest();
}

std::string_view EventFilter::take(std::string_view bytes) {
  feed(bytes);
  while (next_size() > 0) step();
  return out_;
}

void EventFilter::step() {
  const auto event = splitter_.next();
  if (event.empty()) return;
  if (splitter_.is_cut()) {
    leave_out(event, beginning_of(event), kTooLarge);
  } else if (!has_room_for(event)) {
    leave_out(event, beginning_of(event), kNoRoom);
  } else {
    take_event(event);
  }
  share_.shrink_to(splitter_.memory() + out_.size());
}

void EventFilter::skip(std::string_view why) {
  const auto event = splitter_.next();
  if (!event.empty()) leave_out(event, beginning_of(event), why);
}

// At once there are the event, its data, and two copies that the filter makes; or the filtered data, the event made of
// it, and what is to be written.
bool EventFilter::has_room_for(std::string_view event) {
  constexpr std::size_t kCopies = 4;
  const auto held = splitter_.memory() + out_.size();
  return share_.grow_to_work(held + (kCopies - 1) * event.size() + mcp::repaired_size(event));
}

void EventFilter::take_event(std::string_view event) {
  may_resume_ = may_resume_ || mcp::sse_has_id(event);
  auto data = mcp::sse_data(event);
  if (data.empty()) return pass(event, std::move(data), std::nullopt);
  const auto envelope = mcp::read_envelope(data);
  auto filtered = tools_.filter(envelope);
  if (!filtered) return leave_out(event, data, filtered.error().reason);
  note_answer(envelope);
  pass(event, std::move(data), *std::move(filtered));
}

void EventFilter::note_answer(const mcp::Envelope& envelope) {
  if (asked_.is_null() || answered_) return;
  answered_ = envelope.has_answer() && envelope.id_value() == asked_;
}

void EventFilter::pass(std::string_view event, std::string data, std::optional<std::string> changed) {
  if (changed) {
    data = *std::move(changed);
  } else if (mcp::sse_is_plain(event)) {
    out_ += event;
    return;
  }
  if (data.empty()) {
    out_ += mcp::sse_without_data(event);
  } else {
    out_ += mcp::sse_with_data(event, mcp::without_line_ends(std::move(data)));
  }
}

void EventFilter::leave_out(std::string_view event, std::string_view data, std::string_view why) {
  may_resume_ = may_resume_ || mcp::sse_has_id(event);
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

}  // namespace postern::proxy
