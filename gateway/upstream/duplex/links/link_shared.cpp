#include <utility>

#include "mcp/json_members.hpp"
#include "mcp/one_line.hpp"
#include "upstream/duplex/links/link.hpp"
#include "upstream/duplex/links/shared_process.hpp"

namespace postern::upstream {

namespace {

using nlohmann::json;

constexpr std::size_t kMostInitializing = 4096;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;

// The answer that a client gets, made from the result that the server gave the gateway; its id is added later.
std::string initialize_answer_for(std::string_view result, std::string_view asked) {
  return R"({"jsonrpc":"2.0","id":null,"result":)" + initialize_result_for(result, asked) + "}";
}

}  // namespace

void Link::refuse(Waiting& waiting, int code, std::string_view why) {
  waiting.answer(mcp::error_body(waiting.id, code, why), {});
}

// What must not reach a server that takes all its clients for one. True: the request is answered.
bool Link::answered_here(Waiting& waiting, const mcp::Message& message) {
  const auto& method = message.method;
  if (is_task_method(method)) {
    refuse(waiting, kMethodNotFound, "there are no tasks here: clients that share this server would share them too");
    return true;
  }
  if (method != "resources/subscribe" && method != "resources/unsubscribe") return false;
  if (waiting.session.empty()) {
    refuse(waiting, kMethodNotFound, "this method needs a session: use subscriptions/listen");
    return true;
  }
  if (method == "resources/unsubscribe") {
    // It must go on telling of what another one still wants to hear of.
    if (subscriptions_.remove(waiting.session, message.name)) return false;
    waiting.answer(json{{"jsonrpc", "2.0"}, {"id", waiting.id}, {"result", json::object()}}.dump(), {});
    return true;
  }
  const auto added = subscriptions_.add(waiting.session, waiting.user, message.name);
  if (!added) refuse(waiting, kInvalidParams, added.error().what);
  waiting.uri = message.name;
  return !added;
}

void Link::initialize_shared(Waiting waiting, const mcp::Message& message) {
  waiting.id = message.id;
  waiting.method = message.method;
  waiting.version = asked_version(message);
  waiting.since = waiting.last = last_used_ = std::chrono::steady_clock::now();
  if (initialize_result_) {
    answer_initialize(waiting, initialize_answer_for(*initialize_result_, waiting.version), true);
  } else if (initializing_.size() >= kMostInitializing) {
    waiting.give_up(fail(Errc::busy, "too many requests are under way"));
    if (initialized_) initialized_(waiting.session, false);
  } else {
    enter(waiting);
    initializing_.push_back(std::move(waiting));
    if (initialize_number_ == 0) send_own_initialize();
  }
}

void Link::send_own_initialize() {
  initialize_number_ = ++next_;
  Waiting waiting;
  waiting.method = "initialize";
  waiting.since = waiting.last = std::chrono::steady_clock::now();
  enter(waiting);
  waiting_.emplace(initialize_number_, std::move(waiting));
  send(initialize_number_, own_initialize(initialize_number_), {});
}

void Link::finish_initialize(std::string_view message, bool accepted) {
  initialize_number_ = 0;
  if (accepted) {
    initialize_result_ = mcp::find_member(message, "result").text;
    // MCP 2025-11-25 lifecycle, "Initialization": once, and before anything else is asked for.
    write(json{{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}}.dump());
  }
  for (auto& waiting : std::exchange(initializing_, {})) {
    count_out(waiting);
    if (accepted) {
      answer_initialize(waiting, initialize_answer_for(*initialize_result_, waiting.version), true);
    } else {
      answer_initialize(waiting, message, false);
    }
  }
}

void Link::give_up_initializing(const Error& why) {
  initialize_number_ = 0;
  for (auto& waiting : std::exchange(initializing_, {})) {
    count_out(waiting);
    waiting.give_up(why);
    if (initialized_) initialized_(waiting.session, false);
  }
}

void Link::stop_initializing(const std::string& session, const Error& why) {
  std::erase_if(initializing_, [&](auto& waiting) {
    if (waiting.session != session) return false;
    count_out(waiting);
    waiting.give_up(why);
    return true;
  });
}

void Link::unsubscribe_all(const std::string& session) {
  for (const auto& uri : subscriptions_.remove_all(session)) {
    // Nobody waits for the answer.
    const json params = {{"uri", uri}};
    write(json{{"jsonrpc", "2.0"}, {"id", ++next_}, {"method", "resources/unsubscribe"}, {"params", params}}.dump());
  }
}

// Of what says nothing of whom it is for, this alone passes: that a list has changed, which tells nobody anything, and
// that a resource has, to those who wanted to hear of it. Of the former nothing but that.
void Link::tell_everyone(const mcp::Envelope& message, const std::string& method) {
  if (method.ends_with("/list_changed")) {
    const auto event = event_of(json{{"jsonrpc", "2.0"}, {"method", method}}.dump());
    for (const auto& [id, session] : sessions_) session->deliver_once(event);
    return;
  }
  if (method != "notifications/resources/updated") return;
  const auto place = mcp::find_member(message.params.text, "uri");
  if (!place.plain) {
    refused(message, "its uri has two readings, so that it is for nobody");
    return;
  }
  const auto uri = place.text.starts_with('"') ? json::parse(place.text, nullptr, false) : json();
  if (!uri.is_string()) return;
  const auto* wanted = subscriptions_.sessions_of(uri.get_ref<const std::string&>());
  if (wanted == nullptr) return;
  const auto event = event_of(mcp::deliverable(message.text));
  for (const auto& id : *wanted) {
    if (const auto at = sessions_.find(id); at != sessions_.end()) at->second->deliver_once(event);
  }
}

}  // namespace postern::upstream
