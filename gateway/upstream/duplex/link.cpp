#include "upstream/duplex/link.hpp"

#include <algorithm>
#include <utility>

#include "upstream/duplex/shared_process.hpp"

namespace postern::upstream {

namespace {

using nlohmann::json;

constexpr std::size_t kMostWaiting = 4096;
// Calls whose client has left count until they are answered: without this, one user's would take everybody's places.
constexpr std::size_t kMostOfUser = 1024;
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
  const auto node = sessions_.extract(session);
  if (shared_) {
    unsubscribe_all(session);
    stop_initializing(session, why);
  }
  if (node.empty() || node.mapped()->calls == 0) return;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const auto one = at++;
    if (one->second.session != session) continue;
    send_cancelled(one->first);
    give_up(one, why);
  }
}

bool Link::has_place_for(const std::string& user) const {
  const auto own = calls_of_.find(user);
  return waiting_.size() < kMostWaiting && (own == calls_of_.end() || own->second < kMostOfUser);
}

void Link::enter(const Waiting& waiting) {
  ++calls_of_[waiting.user];
  if (const auto session = sessions_.find(waiting.session); session != sessions_.end()) ++session->second->calls;
}

void Link::count_out(const Waiting& waiting) {
  if (const auto own = calls_of_.find(waiting.user); --own->second == 0) calls_of_.erase(own);
  if (const auto session = sessions_.find(waiting.session); session != sessions_.end()) --session->second->calls;
}

Waiting Link::take_out(WaitingMap::iterator at) {
  auto waiting = std::move(at->second);
  waiting_.erase(at);
  count_out(waiting);
  return waiting;
}

void Link::request(Waiting waiting, mcp::Message message, const http::Headers& headers) {
  waiting.id = std::move(message.id);
  waiting.method = message.method;
  last_used_ = std::chrono::steady_clock::now();
  waiting.since = waiting.last = last_used_;
  if (!has_place_for(waiting.user)) {
    waiting.give_up(fail(Errc::busy, "too many requests are under way"));
    return;
  }
  if (shared_ && answered_here(waiting, message)) return;
  const std::uint64_t number = ++next_;
  message.id = number;
  // Tokens are unique for one client only, like ids.
  auto* token = meta_member(message.params, "progressToken");
  if (token != nullptr && !token->is_null()) waiting.token = std::exchange(*token, json(number));
  enter(waiting);
  waiting_.emplace(number, std::move(waiting));
  send(number, message, headers);
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
  if (shared_) {
    initialize_shared(std::move(waiting), message);
  } else {
    request(std::move(waiting), std::move(message), headers);
  }
}

void Link::answer_initialize(Waiting& waiting, const json& message) {
  const bool accepted = message.contains("result");
  json own = message;
  own["id"] = waiting.id;
  if (shared_ && accepted) own["result"] = initialize_result_for(std::move(own["result"]), waiting.version);
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
  bool passes = !shared_;
  if (message.kind == mcp::MessageKind::response) {
    // Only to what this session was asked, and once.
    passes = session.asked.erase(message.id.dump()) > 0;
  } else if (message.method == "notifications/initialized") {
    passes = !shared_ && !std::exchange(initialized_sent_, true);
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
      take_out(at);
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
  const bool own = at->first == initialize_number_;
  auto waiting = take_out(at);
  if (own) {
    give_up_initializing(why);
    return;
  }
  const auto session = sessions_.find(waiting.session);
  if (session != sessions_.end() && session->second->old_style) {
    session->second->deliver(event_of(
        mcp::error_body(waiting.id, -32003, "the server behind this gateway is gone", {{"error", "upstream_error"}})));
  }
  waiting.give_up(why);
  if (waiting.method == "initialize" && initialized_) initialized_(waiting.session, false);
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
    take_out(at);
    return std::nullopt;
  }
  return std::nullopt;
}

void Link::sweep(net::SteadyTime now) {
  std::vector<std::uint64_t> late;
  for (auto& [number, waiting] : waiting_) {
    if (waiting.pipe && waiting.streams && !waiting.begun && now - waiting.since >= kUntilStream) waiting.emit({});
    if (waiting.method == "subscriptions/listen") continue;  // silent as long as nothing changes
    const bool whole = number == initialize_number_ || (waiting.pipe && !waiting.streams);
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

bool Link::busy() const {
  const auto is_call = [](const auto& each) { return each.second.method != "subscriptions/listen"; };
  return !initializing_.empty() || std::any_of(waiting_.begin(), waiting_.end(), is_call);
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
