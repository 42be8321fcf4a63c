#include "upstream/duplex/links/link.hpp"

#include <algorithm>
#include <utility>

#include "mcp/json_members.hpp"
#include "upstream/duplex/links/shared_process.hpp"

namespace postern::upstream {

namespace {

using nlohmann::json;

constexpr std::size_t kMostWaiting = 4096;
// Calls whose client has left count until they are answered: without this, one user's would take everybody's places.
constexpr std::size_t kMostOfUser = 1024;
// So long an answer may come as plain JSON; then a stream begins, which is kept alive while it is silent.
constexpr std::chrono::seconds kUntilStream{1};

void ignore(const Result<void>&) {}

}  // namespace

ChannelEvents Link::events(std::function<void(const Error&)> ended) {
  const auto self = shared_from_this();
  ChannelEvents events;
  events.opened = [self] {
    if (const auto act = std::exchange(self->opened_, {})) act();
  };
  events.message = [self](const std::string& text) { self->take(text); };
  events.too_long = [self](const std::string& beginning) { self->take_too_long(beginning); };
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

void Link::request(Waiting waiting, ClientMessage message, const http::Headers& headers) {
  waiting.id = std::move(message.read.id);
  waiting.method = message.read.method;
  last_used_ = std::chrono::steady_clock::now();
  waiting.since = waiting.last = last_used_;
  if (!has_place_for(waiting.user)) {
    waiting.give_up(fail(Errc::busy, "too many requests are under way"));
    return;
  }
  if (shared_ && answered_here(waiting, message.read)) return;
  if (shared_) message.text = without_tasks(message.text);
  const std::uint64_t number = ++next_;
  std::vector<mcp::Edit> edits{{{"id"}, std::to_string(number)}};
  // Tokens are unique for one client only, like ids.
  const auto token = mcp::find_at(message.text, {"params", "_meta", "progressToken"}).text;
  if (!token.empty() && token != "null") {
    waiting.token = token;
    edits.push_back({{"params", "_meta", "progressToken"}, std::to_string(number)});
  }
  enter(waiting);
  waiting_.emplace(number, std::move(waiting));
  send(number, mcp::edited(message.text, edits), headers);
}

void Link::send(std::uint64_t number, std::string message, const http::Headers& headers) {
  if (!channel_) {
    give_up(waiting_.find(number), fail(Errc::closed, "the server has ended"));
    return;
  }
  channel_->send(std::move(message), headers, [weak = weak_from_this(), number](const Result<void>& sent) {
    const auto self = weak.lock();
    if (sent || !self) return;
    if (const auto at = self->waiting_.find(number); at != self->waiting_.end()) self->give_up(at, sent.error());
  });
}

void Link::initialize(Waiting waiting, ClientMessage message, const http::Headers& headers) {
  if (shared_) {
    initialize_shared(std::move(waiting), message.read);
  } else {
    request(std::move(waiting), std::move(message), headers);
  }
}

// `message`: with the result or the error that the client gets.
void Link::answer_initialize(Waiting& waiting, std::string_view message, bool accepted) {
  auto own = mcp::edited(message, {{{"id"}, waiting.id.dump()}});
  const auto session = sessions_.find(waiting.session);
  if (session != sessions_.end() && session->second->old_style) {
    session->second->deliver(event_of(own));
  } else {
    waiting.answer(std::move(own), accepted ? waiting.session : std::string());
  }
  if (initialized_) initialized_(waiting.session, accepted);
}

// The request that a client's `notifications/cancelled` names.
Link::WaitingMap::iterator Link::find_cancelled(const Session& session, const mcp::Message& message) {
  if (!message.params.is_object()) return waiting_.end();
  const auto id = message.params.find("requestId");
  if (id == message.params.end()) return waiting_.end();
  const auto at = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& each) {
    return each.second.session == session.id && each.second.id == *id;
  });
  return at != waiting_.end() && at->second.method == "initialize" ? waiting_.end() : at;
}

void Link::tell(Session& session, ClientMessage message, const http::Headers& headers, MessageChannel::Sent sent) {
  last_used_ = std::chrono::steady_clock::now();
  bool passes = !shared_;
  if (message.read.kind == mcp::MessageKind::response) {
    // Only to what this session was asked, and once.
    passes = session.asked.erase(message.read.id.dump()) > 0;
  } else if (message.read.method == "notifications/initialized") {
    passes = !shared_ && !std::exchange(initialized_sent_, true);
  } else if (message.read.method == "notifications/cancelled") {
    const auto at = find_cancelled(session, message.read);
    passes = at != waiting_.end();
    if (passes) {
      message.text = mcp::edited(message.text, {{{"params", "requestId"}, std::to_string(at->first)}});
      // MCP 2025-11-25 cancellation, "Behavior Requirements": no answer follows.
      if (at->second.pipe) {
        at->second.emit({});
        at->second.pipe->finish();
      }
      take_out(at);
    }
  }
  if (passes && channel_) {
    channel_->send(std::string(mcp::without_padding(message.text)), headers, std::move(sent));
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

// `id`: as the server wrote it.
void Link::send_error(std::string_view id, std::string_view why) {
  write(mcp::edited(mcp::error_body(nullptr, -32603, why), {{{"id"}, std::string(id)}}));
}

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
