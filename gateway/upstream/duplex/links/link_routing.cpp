#include <utility>

#include "base/strings.hpp"
#include "mcp/json_members.hpp"
#include "mcp/method.hpp"
#include "mcp/one_line.hpp"
#include "upstream/duplex/links/link.hpp"

namespace postern::upstream {

namespace {

using nlohmann::json;

constexpr std::size_t kMostAsked = 256;
constexpr std::size_t kLongestId = 256;  // bytes
constexpr std::string_view kSubscription = "io.modelcontextprotocol/subscriptionId";
constexpr int kNoAnswer = -32003;

// One of our numbers, as the server gave it back; 0: none of ours. Some servers give back numbers as text, and those
// that know no integers as 1.0.
std::uint64_t number_in(std::string_view text) {
  if (text.size() > 1 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.ends_with(".0")) text.remove_suffix(2);
  std::uint64_t number = 0;
  return parse_uint(text, number) ? number : 0;
}

// The text that a member of a message is; nullopt when it is something else, or damaged.
std::optional<std::string> text_in(std::string_view value) {
  if (!value.starts_with('"')) return std::nullopt;
  auto read = json::parse(value, nullptr, false);
  auto* text = read.get_ptr<std::string*>();
  if (text == nullptr) return std::nullopt;
  return std::move(*text);
}

// An id that the server made: a text or number that is not long; null for all else.
json own_id_in(std::string_view value) {
  if (value.empty() || value.size() > kLongestId) return nullptr;
  auto id = json::parse(value, nullptr, false);
  return id.is_string() || id.is_number() ? std::move(id) : json();
}

bool is_there(const mcp::Envelope::Part& part) { return part.named && part.text != "null"; }

bool is_list_change(const std::string& method) { return method.ends_with("/list_changed"); }

}  // namespace

// The message itself may hold what users sent and got, and is never logged.
void Link::refused(const mcp::Envelope& message, std::string_view why) {
  if (!refused_.admits()) return;
  if (const auto dropped = refused_.take_dropped(); dropped > 0) {
    log_.warning("upstream_refusals_dropped", {{"upstream", upstream_}, {"messages", dropped}});
  }
  log_.warning("upstream_message_refused", {{"upstream", upstream_}, {"bytes", message.text.size()}, {"what", why}});
}

void Link::take(const std::string& line) {
  const auto message = mcp::read_envelope(mcp::without_padding(line));
  last_used_ = std::chrono::steady_clock::now();
  if (const auto fault = mcp::fault_of(message)) {
    take_unreadable(message, *fault);
  } else if (!message.has_method()) {
    take_answer(message);
  } else if (const auto method = text_in(message.method.text); !method) {
    take_unreadable(message, "the method is not a text");
  } else if (is_there(message.id)) {
    take_request(message, *method);
  } else {
    take_notification(message, *method);
  }
}

// Whoever waits for it is told so at once, where it is certain who that is: otherwise the call would last until its
// deadline. What it says goes to nobody.
void Link::take_unreadable(const mcp::Envelope& message, const std::string& why) {
  refused(message, why);
  if (const auto at = waiting_.find(number_in(mcp::id_of_damaged_answer(message))); at != waiting_.end()) {
    settle_unreadable(at, why);
    return;
  }
  const auto id = mcp::id_of_damaged_request(message);
  if (!own_id_in(id).is_null()) send_error(id, "this request cannot be read: " + why);
}

void Link::settle_unreadable(WaitingMap::iterator at, const std::string& why) {
  const auto sentence =
      "the server behind this gateway sent an answer that cannot be read: " + why + "; tell whoever runs that server";
  settle(at, mcp::error_body(nullptr, kNoAnswer, sentence, {{"error", "upstream_error"}}), false);
}

// Some servers write the id behind the result, where it is lost. A server of one client that has one call under way can
// have answered no other.
void Link::take_too_long(const std::string& beginning) {
  const auto message = mcp::read_envelope(mcp::without_padding(beginning));
  last_used_ = std::chrono::steady_clock::now();
  const auto why = "it is longer than " + std::to_string(kLongestMessage / (1024 * 1024)) + " MiB";
  const bool for_the_only_one =
      !shared_ && !message.id.named && !message.method.named && message.has_answer() && waiting_.size() == 1;
  if (!for_the_only_one) {
    take_unreadable(message, why);
    return;
  }
  refused(message, why);
  settle_unreadable(waiting_.begin(), why);
}

void Link::take_answer(const mcp::Envelope& message) {
  if (!is_there(message.id)) {
    refused(message, "it is an answer without an id");
    return;
  }
  const auto at = waiting_.find(number_in(message.id.text));
  // An answer to what was cancelled, or to what nobody asked.
  if (at == waiting_.end()) return;
  answered_ = true;
  const bool succeeded = message.result.named && !is_there(message.error);
  settle(at, message.text, succeeded);
}

// The end of a request: by the server's answer, or by an error instead of it.
void Link::settle(WaitingMap::iterator at, std::string_view message, bool succeeded) {
  const bool own = at->first == initialize_number_;
  auto waiting = take_out(at);
  // The filter of lists decides what of a damaged entry may be repaired, so that it gets them as they are.
  const bool is_list = mcp::find_method(waiting.method).list != mcp::ListKind::none;
  auto text = is_list ? mcp::without_line_ends(std::string(message)) : mcp::deliverable(message);
  if (own) {
    finish_initialize(text, succeeded);
    return;
  }
  // The other of the two is null, if it is there (fault_of).
  std::vector<mcp::Edit> edits{{{succeeded ? "error" : "result"}, std::nullopt}, {{"method"}, std::nullopt}};
  if (waiting.method == "initialize") {
    answer_initialize(waiting, mcp::edited(text, edits), succeeded);
    return;
  }
  edits.push_back({{"id"}, waiting.id.dump()});
  // A listening stream of the modern era names its request in what it carries, its last message included.
  edits.push_back({{"result", "_meta", kSubscription}, waiting.id.dump()});
  text = mcp::edited(text, edits);
  const auto session = sessions_.find(waiting.session);
  if (session != sessions_.end()) {
    if (!waiting.uri.empty() && !succeeded) subscriptions_.remove(waiting.session, waiting.uri);
    session->second->last_used = last_used_;
    if (session->second->old_style) {
      session->second->deliver(event_of(text));
      return;
    }
  }
  waiting.answer(std::move(text), {});
}

void Link::take_request(const mcp::Envelope& message, const std::string& method) {
  const auto written = message.id.text;
  // MCP base protocol, "Requests": text or an integer. It is kept until the client has answered.
  const auto id = own_id_in(written);
  if (id.is_null()) {
    refused(message, "its id is not a short text or an integer");
    return;
  }
  if (method == "ping") {
    write(R"({"jsonrpc":"2.0","id":)" + std::string(written) + R"(,"result":{}})");
    return;
  }
  if (id.is_number_float()) {
    send_error(written, "an id is a text or an integer of at most 64 bits");
    return;
  }
  if (shared_) {
    send_error(written, "several clients share this server, and this request does not say whom it is for");
    return;
  }
  const auto session = only_session();
  if (!session) {
    send_error(written, "this client has no session, and cannot be asked anything");
    return;
  }
  if (session->asked.size() >= kMostAsked) {
    send_error(written, "the client has too many requests to answer");
    return;
  }
  session->asked.insert(id.dump());
  put(*session, event_of(mcp::deliverable(message.text)), true);
}

void Link::take_notification(const mcp::Envelope& message, const std::string& method) {
  if (route_by_request(message, method)) return;
  if (shared_) {
    tell_everyone(message, method);
    return;
  }
  const auto session = only_session();
  if (!session) return;
  if (method == "notifications/cancelled") {
    const auto id = mcp::find_member(message.params.text, "requestId");
    if (id.plain) session->asked.erase(own_id_in(id.text).dump());
  }
  const bool related = !is_list_change(method) && method != "notifications/resources/updated";
  put(*session, event_of(mcp::deliverable(message.text)), related);
}

// By the progress token or the subscription, which are numbers of ours. True: that was all there is to do.
bool Link::route_by_request(const mcp::Envelope& message, const std::string& method) {
  const auto params = message.params.text;
  if (!mcp::is_json_object(params)) return false;
  const bool is_progress = method == "notifications/progress";
  const auto token = is_progress ? mcp::find_member(params, "progressToken") : mcp::MemberText();
  const bool by_token = !token.text.empty();
  const auto place = by_token ? token : mcp::find_at(params, {"_meta", kSubscription});
  if (!place.plain) {
    refused(message, "the request that it is about has two readings, so that it is for nobody");
    return true;
  }
  if (place.text.empty()) {
    // Without sessions all requests here are one caller's, and what is said meanwhile is said about them.
    const bool about_the_only_one = sessions_.empty() && !shared_ && waiting_.size() == 1;
    auto* only = about_the_only_one ? &waiting_.begin()->second : nullptr;
    if (only != nullptr && only->pipe && only->streams) only->emit(event_of(mcp::deliverable(message.text)));
    return sessions_.empty();
  }
  // Where there is none, it is answered: nobody asked for more.
  if (const auto at = waiting_.find(number_in(place.text)); at != waiting_.end()) {
    route_to(at->second, message, by_token);
  }
  return true;
}

void Link::route_to(Waiting& waiting, const mcp::Envelope& message, bool progress) {
  waiting.last = last_used_;
  if (progress && waiting.token.empty()) return;  // its client did not ask for progress
  const mcp::Edit edit = progress ? mcp::Edit{{"params", "progressToken"}, waiting.token}
                                  : mcp::Edit{{"params", "_meta", kSubscription}, waiting.id.dump()};
  auto event = event_of(mcp::deliverable(mcp::edited(message.text, {edit})));
  const auto session = sessions_.find(waiting.session);
  if (waiting.pipe && waiting.streams) {
    waiting.emit(event);
  } else if (session != sessions_.end()) {
    session->second->deliver(std::move(event));
  }
}

// MCP 2025-11-25 transports, "Sending Messages" and "Listening for Messages": on the stream of the request it is about
// where that is plain, else on the stream that is there for it.
void Link::put(Session& session, std::string event, bool related) {
  bool only = false;
  auto* waiting = session.old_style ? nullptr : latest(only);
  const bool listening = session.listening && !session.listening->abandoned();
  const bool here = waiting != nullptr && (listening ? related && only : true);
  if (here) {
    waiting->emit(event);
  } else {
    session.deliver(std::move(event));
  }
}

// Where the server is one client's: its last call that can be told something, and whether it is its only call.
Waiting* Link::latest(bool& only) {
  only = waiting_.size() == 1;
  for (auto at = waiting_.rbegin(); at != waiting_.rend(); ++at) {
    auto& waiting = at->second;
    if (waiting.pipe && waiting.streams && !waiting.pipe->abandoned()) return &waiting;
  }
  return nullptr;
}

std::shared_ptr<Session> Link::only_session() const {
  return sessions_.size() == 1 ? sessions_.begin()->second : nullptr;
}

void Link::closed(const Error& why) {
  lost_ = !closing_;
  channel_.reset();
  while (!waiting_.empty()) give_up(waiting_.begin(), why);
  for (const auto& [id, session] : std::exchange(sessions_, {})) {
    if (session->listening) session->listening->end(why);
  }
  initialized_ = nullptr;
  opened_ = nullptr;
}

}  // namespace postern::upstream
