#include <utility>

#include "upstream/duplex/link.hpp"
#include "upstream/duplex/shared_process.hpp"

namespace postern::upstream {

namespace {

using nlohmann::json;

constexpr std::size_t kMostInitializing = 4096;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;

}  // namespace

void Link::refuse(Waiting& waiting, int code, std::string_view why) {
  waiting.answer({{"jsonrpc", "2.0"}, {"id", waiting.id}, {"error", {{"code", code}, {"message", why}}}}, {});
}

// What must not reach a server that takes all its clients for one. True: the request is answered.
bool Link::answered_here(Waiting& waiting, mcp::Message& message) {
  take_out_tasks(message.params);
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
    waiting.answer({{"jsonrpc", "2.0"}, {"id", waiting.id}, {"result", json::object()}}, {});
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
    answer_initialize(waiting, {{"jsonrpc", "2.0"}, {"result", *initialize_result_}});
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
  auto message = own_initialize();
  initialize_number_ = ++next_;
  message.id = initialize_number_;
  Waiting waiting;
  waiting.method = message.method;
  waiting.since = waiting.last = std::chrono::steady_clock::now();
  enter(waiting);
  waiting_.emplace(initialize_number_, std::move(waiting));
  send(initialize_number_, message, {});
}

void Link::finish_initialize(const json& message) {
  initialize_number_ = 0;
  if (const auto result = message.find("result"); result != message.end()) {
    initialize_result_ = *result;
    // MCP 2025-11-25 lifecycle, "Initialization": once, and before anything else is asked for.
    write(json{{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}}.dump());
  }
  for (auto& waiting : std::exchange(initializing_, {})) {
    count_out(waiting);
    answer_initialize(waiting, message);
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
void Link::tell_everyone(json message) {
  const auto& method = message["method"].get_ref<const std::string&>();
  if (method.ends_with("/list_changed")) {
    message.erase("params");
    const auto event = event_of(message.dump());
    for (const auto& [id, session] : sessions_) session->deliver_once(event);
    return;
  }
  const auto params = message.find("params");
  if (method != "notifications/resources/updated" || params == message.end() || !params->is_object()) return;
  const auto uri = params->find("uri");
  if (uri == params->end() || !uri->is_string()) return;
  const auto* wanted = subscriptions_.sessions_of(uri->get_ref<const std::string&>());
  if (wanted == nullptr) return;
  const auto event = event_of(message.dump());
  for (const auto& id : *wanted) {
    if (const auto at = sessions_.find(id); at != sessions_.end()) at->second->deliver_once(event);
  }
}

}  // namespace postern::upstream
