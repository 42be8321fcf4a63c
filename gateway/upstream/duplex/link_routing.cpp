#include <utility>

#include "mcp/list_filter.hpp"
#include "upstream/duplex/link.hpp"

namespace postern::upstream {

namespace {

using nlohmann::json;

constexpr std::size_t kMostAsked = 256;
constexpr std::size_t kLongestId = 256;  // bytes
constexpr auto* kSubscription = "io.modelcontextprotocol/subscriptionId";

// One of our numbers, as the server gave it back; 0: none of ours. Some servers give back numbers as text.
std::uint64_t number_in(const json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer() && value.get<std::int64_t>() > 0) return value.get<std::uint64_t>();
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr || text->empty() || text->size() > 18) return 0;
  if (text->find_first_not_of("0123456789") != std::string::npos) return 0;
  return std::stoull(*text);
}

json* member(json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(name);
  return at == object.end() ? nullptr : &*at;
}

bool is_list_change(const std::string& method) { return method.ends_with("/list_changed"); }

}  // namespace

void Link::take(const std::string& text) {
  auto message = mcp::parse_json(text, mcp::kListLimits);
  if (!message || !message->is_object()) {
    const std::string why = message ? "it is no object" : message.error().reason;
    log_.warning("upstream_message_refused", {{"upstream", upstream_}, {"what", why}});
    return;
  }
  last_used_ = std::chrono::steady_clock::now();
  const auto* method = member(*message, "method");
  const auto* id = member(*message, "id");
  if (method == nullptr) {
    take_answer(std::move(*message));
  } else if (!method->is_string()) {
    log_.warning("upstream_message_refused", {{"upstream", upstream_}, {"what", "its method is no text"}});
  } else if (id != nullptr && !id->is_null()) {
    take_request(std::move(*message));
  } else {
    take_notification(std::move(*message));
  }
}

void Link::take_answer(json message) {
  const auto* id = member(message, "id");
  const auto at = id == nullptr ? waiting_.end() : waiting_.find(number_in(*id));
  // An answer to what was cancelled, or to what nobody asked.
  if (at == waiting_.end()) return;
  if (message.contains("result") == message.contains("error")) {
    log_.warning("upstream_message_refused", {{"upstream", upstream_}, {"what", "it has no result and no error"}});
    return;
  }
  answered_ = true;
  const bool own = at->first == initialize_number_;
  auto waiting = take_out(at);
  if (own) {
    finish_initialize(message);
    return;
  }
  if (waiting.method == "initialize") {
    answer_initialize(waiting, message);
    return;
  }
  message["id"] = waiting.id;
  const auto session = sessions_.find(waiting.session);
  if (session != sessions_.end()) {
    if (!waiting.uri.empty() && !message.contains("result")) subscriptions_.remove(waiting.session, waiting.uri);
    session->second->last_used = last_used_;
    if (session->second->old_style) {
      session->second->deliver(event_of(message.dump()));
      return;
    }
  }
  // A listening stream of the modern era names its request in what it carries, its last message included.
  if (auto* result = member(message, "result")) {
    auto* meta = member(*result, "_meta");
    auto* subscription = meta == nullptr ? nullptr : member(*meta, kSubscription);
    if (subscription != nullptr) *subscription = waiting.id;
  }
  waiting.answer(message, {});
}

void Link::take_request(json message) {
  if (message["method"] == "ping") {
    write(json{{"jsonrpc", "2.0"}, {"id", message["id"]}, {"result", json::object()}}.dump());
    return;
  }
  // MCP base protocol, "Requests": text or an integer. It is kept until the client has answered.
  const auto id = message["id"].dump();
  if (!(message["id"].is_string() || message["id"].is_number_integer()) || id.size() > kLongestId) {
    log_.warning("upstream_message_refused", {{"upstream", upstream_}, {"what", "its id is no short text or integer"}});
    return;
  }
  if (shared_) {
    send_error(message["id"], "several clients share this server, and this request does not say whom it is for");
    return;
  }
  const auto session = only_session();
  if (!session) {
    send_error(message["id"], "this client has no session, and cannot be asked anything");
    return;
  }
  if (session->asked.size() >= kMostAsked) {
    send_error(message["id"], "the client has too many requests to answer");
    return;
  }
  session->asked.insert(id);
  put(*session, message, true);
}

void Link::take_notification(json message) {
  if (route_by_request(message)) return;
  if (shared_) {
    tell_everyone(std::move(message));
    return;
  }
  const auto session = only_session();
  if (!session) return;
  const auto& method = message["method"].get_ref<const std::string&>();
  if (method == "notifications/cancelled") {
    auto* params = member(message, "params");
    const auto* id = params == nullptr ? nullptr : member(*params, "requestId");
    if (id != nullptr) session->asked.erase(id->dump());
  }
  const bool related = !is_list_change(method) && method != "notifications/resources/updated";
  put(*session, message, related);
}

// By the progress token or the subscription, which are numbers of ours. True: that was all there is to do.
bool Link::route_by_request(json& message) {
  auto* params = member(message, "params");
  if (params == nullptr) return false;
  json* place = nullptr;
  const bool progress = message["method"] == "notifications/progress";
  if (progress) place = member(*params, "progressToken");
  if (auto* meta = member(*params, "_meta"); meta != nullptr && place == nullptr) place = member(*meta, kSubscription);
  if (place == nullptr) {
    // Without sessions all requests here are one caller's, and what is said meanwhile is said about them.
    const bool about_the_only_one = sessions_.empty() && !shared_ && waiting_.size() == 1;
    auto* only = about_the_only_one ? &waiting_.begin()->second : nullptr;
    if (only != nullptr && only->pipe && only->streams) only->emit(event_of(message.dump()));
    return sessions_.empty();
  }
  const auto at = waiting_.find(number_in(*place));
  if (at == waiting_.end()) return true;  // it is answered: nobody asked for more
  auto& waiting = at->second;
  waiting.last = last_used_;
  *place = progress ? waiting.token : waiting.id;
  const auto session = sessions_.find(waiting.session);
  if (waiting.pipe && waiting.streams) {
    waiting.emit(event_of(message.dump()));
  } else if (session != sessions_.end()) {
    session->second->deliver(event_of(message.dump()));
  }
  return true;
}

// MCP 2025-11-25 transports, "Sending Messages" and "Listening for Messages": on the stream of the request it is about
// where that is plain, else on the stream that is there for it.
void Link::put(Session& session, const json& message, bool related) {
  auto event = event_of(message.dump());
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
