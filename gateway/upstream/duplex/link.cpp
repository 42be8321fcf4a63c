#include "upstream/duplex/link.hpp"

#include <utility>

namespace postern::upstream {

namespace {

using nlohmann::json;

constexpr std::size_t kMostWaiting = 4096;
// So long an answer may come as plain JSON; then a stream begins, which is kept alive while it is silent.
constexpr std::chrono::seconds kUntilStream{1};

// A member of params._meta, to be read and replaced; nullptr when there is none.
json* meta_member(json& params, const char* name) {
  if (!params.is_object()) return nullptr;
  const auto meta = params.find("_meta");
  if (meta == params.end() || !meta->is_object()) return nullptr;
  const auto at = meta->find(name);
  return at == meta->end() ? nullptr : &*at;
}

void ignore(const Result<void>&) {}

}  // namespace

ChannelEvents Link::events(std::function<void(const Error&)> ended) {
  const auto self = shared_from_this();
  ChannelEvents events;
  events.opened = [self] {
    if (const auto act = std::exchange(self->opened_, {})) act();
  };
  events.message = [self](const std::string& text) { self->take(text); };
  events.closed = [self, ended = std::move(ended)](const Error& why) {
    self->closed(why);
    ended(why);
  };
  return events;
}

void Link::leave(const std::string& session, const Error& why) {
  sessions_.erase(session);
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const auto one = at++;
    if (one->second.session != session) continue;
    // Others wait for the answer to this one as well.
    if (one->first == initialize_number_) {
      one->second.give_up(why);
      continue;
    }
    send_cancelled(one->first);
    give_up(one, why);
  }
}

void Link::request(Waiting waiting, mcp::Message message, const http::Headers& headers) {
  if (waiting_.size() >= kMostWaiting) {
    waiting.give_up(fail(Errc::busy, "too many requests are under way"));
    return;
  }
  if (message.method == "resources/subscribe" || message.method == "resources/unsubscribe") {
    waiting.uri = message.name;
    if (message.method == "resources/unsubscribe" && is_subscribed_elsewhere(waiting)) {
      sessions_.at(waiting.session)->subscribed.erase(waiting.uri);
      waiting.id = std::move(message.id);
      waiting.answer({{"jsonrpc", "2.0"}, {"id", waiting.id}, {"result", json::object()}}, {});
      return;
    }
  }
  const std::uint64_t number = ++next_;
  last_used_ = std::chrono::steady_clock::now();
  waiting.id = std::move(message.id);
  waiting.method = message.method;
  waiting.since = waiting.last = last_used_;
  message.id = number;
  // Tokens are unique for one client only, like ids.
  if (auto* token = meta_member(message.params, "progressToken")) waiting.token = std::exchange(*token, json(number));
  if (message.method == "initialize" && shared_) initialize_number_ = number;
  waiting_.emplace(number, std::move(waiting));
  send(number, message, headers);
}

// The server knows one client only: it must go on telling of what another one still wants to hear of.
bool Link::is_subscribed_elsewhere(const Waiting& waiting) const {
  for (const auto& [id, session] : sessions_) {
    if (id != waiting.session && session->subscribed.contains(waiting.uri)) return true;
  }
  return false;
}

void Link::send(std::uint64_t number, const mcp::Message& message, const http::Headers& headers) {
  if (!channel_) {
    give_up(waiting_.find(number), fail(Errc::closed, "the server has ended"));
    return;
  }
  channel_->send(mcp::to_line(message), headers, [weak = weak_from_this(), number](const Result<void>& sent) {
    const auto self = weak.lock();
    if (sent || !self) return;
    if (const auto at = self->waiting_.find(number); at != self->waiting_.end()) self->give_up(at, sent.error());
  });
}

void Link::initialize(Waiting waiting, mcp::Message message, const http::Headers& headers) {
  if (!shared_ || (!initialize_result_ && initialize_number_ == 0)) {
    request(std::move(waiting), std::move(message), headers);
    return;
  }
  waiting.id = std::move(message.id);
  waiting.method = "initialize";
  waiting.since = waiting.last = std::chrono::steady_clock::now();
  if (initialize_result_) {
    answer_initialize(waiting, {{"jsonrpc", "2.0"}, {"result", *initialize_result_}});
  } else if (initializing_.size() >= kMostWaiting) {
    waiting.give_up(fail(Errc::busy, "too many requests are under way"));
  } else {
    initializing_.push_back(std::move(waiting));
  }
}

void Link::finish_initialize(const json& message) {
  initialize_number_ = 0;
  if (const auto result = message.find("result"); result != message.end()) initialize_result_ = *result;
  for (auto& waiting : std::exchange(initializing_, {})) answer_initialize(waiting, message);
}

void Link::answer_initialize(Waiting& waiting, const json& message) {
  const bool accepted = message.contains("result");
  json own = message;
  own["id"] = waiting.id;
  const auto session = sessions_.find(waiting.session);
  if (session != sessions_.end() && session->second->old_style) {
    session->second->deliver(event_of(own.dump()));
  } else {
    waiting.answer(own, accepted ? waiting.session : std::string());
  }
  if (initialized_) initialized_(waiting.session, accepted);
}

void Link::tell(Session& session, mcp::Message message, const http::Headers& headers, MessageChannel::Sent sent) {
  last_used_ = std::chrono::steady_clock::now();
  bool passes = !shared_ || sessions_.size() == 1;
  if (message.kind == mcp::MessageKind::response) {
    // Only to what this session was asked, and once.
    passes = session.asked.erase(message.id.dump()) > 0;
  } else if (message.method == "notifications/initialized") {
    passes = !std::exchange(initialized_sent_, true);
  } else if (message.method == "notifications/cancelled") {
    auto at = waiting_.begin();
    const auto id = message.params.is_object() ? message.params.find("requestId") : json::iterator();
    const bool named = message.params.is_object() && id != message.params.end();
    while (named && at != waiting_.end() && (at->second.session != session.id || at->second.id != *id)) ++at;
    passes = named && at != waiting_.end() && at->second.method != "initialize";
    if (passes) {
      message.params["requestId"] = at->first;
      // MCP 2025-11-25 cancellation, "Behavior Requirements": no answer follows.
      if (at->second.pipe) {
        at->second.emit({});
        at->second.pipe->finish();
      }
      waiting_.erase(at);
    }
  }
  if (passes && channel_) {
    channel_->send(mcp::to_line(message), headers, std::move(sent));
  } else {
    sent(Result<void>());
  }
}

void Link::send_cancelled(std::uint64_t number) {
  write(json{{"jsonrpc", "2.0"},
             {"method", "notifications/cancelled"},
             {"params", {{"requestId", number}, {"reason", "the client is gone or does not wait any longer"}}}}
            .dump());
}

void Link::send_error(const json& id, std::string_view why) { write(mcp::error_body(id, -32603, why)); }

// What the gateway says itself goes with the headers of a session, for servers that demand some.
void Link::write(std::string line) {
  if (closing_ || !channel_) return;
  const http::Headers none;
  const auto& headers = sessions_.empty() ? none : sessions_.begin()->second->headers;
  channel_->send(std::move(line), headers, ignore);
}

void Link::give_up(WaitingMap::iterator at, const Error& why) {
  auto waiting = std::move(at->second);
  const bool everyones = at->first == initialize_number_;
  waiting_.erase(at);
  const auto session = sessions_.find(waiting.session);
  if (session != sessions_.end() && session->second->old_style) {
    session->second->deliver(event_of(
        mcp::error_body(waiting.id, -32003, "the server behind this gateway is gone", {{"error", "upstream_error"}})));
  }
  waiting.give_up(why);
  if (waiting.method == "initialize" && initialized_) initialized_(waiting.session, false);
  if (!everyones) return;
  initialize_number_ = 0;
  for (auto& other : std::exchange(initializing_, {})) {
    other.give_up(why);
    if (initialized_) initialized_(other.session, false);
  }
}

std::optional<std::string> Link::left(const std::shared_ptr<AnswerPipe>& pipe) {
  for (auto& waiting : initializing_) {
    if (waiting.pipe == pipe) return waiting.session;
  }
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    auto& waiting = at->second;
    if (waiting.pipe != pipe) continue;
    // MCP 2025-11-25 transports, "Sending Messages": a disconnection is no cancellation. 2026-07-28: it is.
    waiting.pipe.reset();
    if (waiting.method == "initialize") return waiting.session;
    if (!waiting.modern) return std::nullopt;
    send_cancelled(at->first);
    waiting_.erase(at);
    return std::nullopt;
  }
  return std::nullopt;
}

void Link::sweep(net::SteadyTime now) {
  std::vector<std::uint64_t> late;
  for (auto& [number, waiting] : waiting_) {
    if (waiting.pipe && waiting.streams && !waiting.begun && now - waiting.since >= kUntilStream) waiting.emit({});
    if (waiting.method == "subscriptions/listen") continue;  // silent as long as nothing changes
    const bool whole = waiting.pipe && !waiting.streams;
    const auto limit = whole ? limits_.response : limits_.stream_idle;
    if (limit.count() > 0 && now - waiting.last > limit) late.push_back(number);
  }
  for (const auto number : late) {
    send_cancelled(number);
    if (const auto at = waiting_.find(number); at != waiting_.end()) {
      give_up(at, fail(Errc::timed_out, "the server did not answer in time"));
    }
  }
}

bool Link::busy(const std::string& session) const {
  for (const auto& [number, waiting] : waiting_) {
    if (waiting.session == session) return true;
  }
  return false;
}

void Link::close() {
  if (std::exchange(closing_, true) || !channel_) return;
  channel_->close();
}

void Link::kill() {
  closing_ = true;
  if (channel_) channel_->kill();
}

}  // namespace postern::upstream
