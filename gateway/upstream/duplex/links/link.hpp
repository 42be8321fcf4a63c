#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mcp/envelope.hpp"
#include "telemetry/log.hpp"
#include "upstream/duplex/channels/message_channel.hpp"
#include "upstream/duplex/channels/throttle.hpp"
#include "upstream/duplex/links/session.hpp"
#include "upstream/duplex/links/subscriptions.hpp"

namespace postern::upstream {

struct LinkLimits {
  std::chrono::milliseconds response{};     // to an answer that cannot be streamed
  std::chrono::milliseconds stream_idle{};  // between two messages for a request; 0: no limit
};

// A channel to one server behind and everybody who uses it: requests under way, by numbers of ours so that clients with
// the same ids never get each other's answers, and what the server says by itself, put on the right stream. Messages
// pass as their text, in which only ids and tokens are replaced. Hub's thread only.
class Link : public std::enable_shared_from_this<Link> {
 public:
  // `shared`: several clients may use it. The gateway is its client then, and what the server says goes to somebody
  // only where an id, a progress token or a subscription says to whom, whoever else is there: who shares it now may not
  // be who it speaks about.
  Link(std::string upstream, bool shared, const LinkLimits& limits, telemetry::Log& log)
      : upstream_(std::move(upstream)), shared_(shared), limits_(limits), log_(log) {}

  // What to give to the channel; `ended` is called when it has closed and everybody was told.
  ChannelEvents events(std::function<void(const Error&)> ended);
  void attach(std::shared_ptr<MessageChannel> channel) { channel_ = std::move(channel); }

  void join(const std::shared_ptr<Session>& session) { sessions_[session->id] = session; }
  // The session is over: its requests are given up, and the server is told that nobody waits for them.
  void leave(const std::string& session, const Error& why);

  // The message of a client. `waiting` of a request brings who asks; its id and token are taken from the message.
  void request(Waiting waiting, ClientMessage message, const http::Headers& headers);
  // `initialize`: a shared server gets the gateway's own, once, and from its answer each client is answered.
  void initialize(Waiting waiting, ClientMessage message, const http::Headers& headers);
  // A notification or an answer to the server's request. `sent`: once it was passed on or had nowhere to go.
  void tell(Session& session, ClientMessage message, const http::Headers& headers, MessageChannel::Sent sent);

  // The client closed its POST. Legacy: that cancels nothing; modern: it does. The session it was about to open, if it
  // was, which nobody will ever use.
  std::optional<std::string> left(const std::shared_ptr<AnswerPipe>& pipe);
  // Begins streams that wait long, gives up what waits too long.
  void sweep(net::SteadyTime now);
  void close();
  void kill();

  bool shared() const noexcept { return shared_; }
  bool closing() const noexcept { return closing_; }
  // Its channel closed although nobody had asked for that.
  bool lost() const noexcept { return lost_; }
  bool answered() const noexcept { return answered_; }  // it has said something sensible once
  // A call is under way; one that only listens is none.
  bool busy() const;
  bool unused() const noexcept { return sessions_.empty() && waiting_.empty() && initializing_.empty(); }
  net::SteadyTime last_used() const noexcept { return last_used_; }
  const std::map<std::string, std::shared_ptr<Session>>& sessions() const noexcept { return sessions_; }
  void on_opened(std::function<void()> act) { opened_ = std::move(act); }
  // Told when `initialize` was answered; false: it opened nothing.
  void on_initialized(std::function<void(const std::string& session, bool accepted)> act) {
    initialized_ = std::move(act);
  }

 private:
  using WaitingMap = std::map<std::uint64_t, Waiting>;

  // link.cpp: towards the server
  void send(std::uint64_t number, std::string message, const http::Headers& headers);
  WaitingMap::iterator find_cancelled(const Session& session, const mcp::Message& message);
  bool has_place_for(const std::string& user) const;
  void enter(const Waiting& waiting);
  void count_out(const Waiting& waiting);
  Waiting take_out(WaitingMap::iterator at);
  void send_cancelled(std::uint64_t number);
  void send_error(std::string_view id, std::string_view why);
  void write(std::string line);
  void answer_initialize(Waiting& waiting, std::string_view message, bool accepted);
  void give_up(WaitingMap::iterator at, const Error& why);

  // link_shared.cpp: what is otherwise with a shared one
  bool answered_here(Waiting& waiting, const mcp::Message& message);
  void refuse(Waiting& waiting, int code, std::string_view why);
  void initialize_shared(Waiting waiting, const mcp::Message& message);
  void send_own_initialize();
  void finish_initialize(std::string_view message, bool accepted);
  void give_up_initializing(const Error& why);
  void stop_initializing(const std::string& session, const Error& why);
  void unsubscribe_all(const std::string& session);
  void tell_everyone(const mcp::Envelope& message, const std::string& method);

  // link_routing.cpp: from the server
  void take(const std::string& line);
  void take_too_long(const std::string& beginning);
  void take_unreadable(const mcp::Envelope& message, const std::string& why);
  void settle_unreadable(WaitingMap::iterator at, const std::string& why);
  void take_answer(const mcp::Envelope& message);
  void settle(WaitingMap::iterator at, std::string_view message, bool succeeded);
  void take_request(const mcp::Envelope& message, const std::string& method);
  void take_notification(const mcp::Envelope& message, const std::string& method);
  bool route_by_request(const mcp::Envelope& message, const std::string& method);
  void route_to(Waiting& waiting, const mcp::Envelope& message, bool progress);
  void put(Session& session, std::string event, bool related);
  void refused(const mcp::Envelope& message, std::string_view why);
  Waiting* latest(bool& only);
  std::shared_ptr<Session> only_session() const;
  void closed(const Error& why);

  std::string upstream_;
  bool shared_;
  LinkLimits limits_;
  telemetry::Log& log_;
  std::shared_ptr<MessageChannel> channel_;
  std::map<std::string, std::shared_ptr<Session>> sessions_;
  WaitingMap waiting_;
  std::map<std::string, std::size_t> calls_of_;  // by user
  std::uint64_t next_ = 0;
  std::function<void()> opened_;
  std::function<void(const std::string&, bool)> initialized_;
  net::SteadyTime last_used_ = std::chrono::steady_clock::now();
  bool closing_ = false;
  bool lost_ = false;
  bool answered_ = false;
  bool initialized_sent_ = false;

  Throttle refused_;

  // Of a shared one.
  std::optional<std::string> initialize_result_;  // JSON text
  std::uint64_t initialize_number_ = 0;           // 0: none under way
  std::vector<Waiting> initializing_;
  Subscriptions subscriptions_;
};

}  // namespace postern::upstream
