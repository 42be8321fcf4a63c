#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "telemetry/log.hpp"
#include "upstream/duplex/channels/child_process.hpp"
#include "upstream/duplex/channels/duplex_options.hpp"
#include "upstream/duplex/links/link.hpp"
#include "upstream/duplex/links/session.hpp"
#include "upstream/upstream.hpp"

namespace postern::upstream {

// Speaks Streamable HTTP (MCP 2025-11-25 and 2026-07-28 transports) towards clients and keeps their sessions, each with
// a random id; sessions live in this process and end with it. Everything but the constructor and executor() is for the
// hub's thread.
class DuplexServer : public std::enable_shared_from_this<DuplexServer> {
 public:
  DuplexServer(boost::asio::any_io_executor executor, DuplexOptions options, telemetry::Log& log);

  const DuplexOptions& options() const noexcept { return options_; }
  const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
  void start() { tick(); }

  // Answers on the call's pipe, now or later.
  void handle(Call call);
  // A message of the gateway's own on the session's stream: 202 on `pipe`, or 404 where the session is over.
  void deliver(AnswerPipe& pipe, const std::string& session, const std::string& message);
  // Nobody reads the pipe any more. `session`: of the call; may be empty.
  void left(const std::string& session, const std::shared_ptr<AnswerPipe>& pipe);

  // Ends all sessions and processes in good order, and begins no more.
  void close();
  void kill();
  bool idle() const noexcept { return links_.empty(); }
  // Processes, or connections, that run, those that are ending included. From any thread.
  std::size_t running() const noexcept { return running_.load(std::memory_order_relaxed); }

 private:
  struct Running {
    std::shared_ptr<Link> link;
    std::string user;  // empty: everyone's
    net::SteadyTime since;
  };
  // What one user has.
  struct Held {
    std::size_t open = 0;
    std::size_t ending = 0;
  };
  // What makes room; without a link: when to ask again.
  struct Choice {
    std::shared_ptr<Link> link{};
    net::SteadyTime last_used{};
    int seconds = 0;
  };
  using SessionPtr = std::shared_ptr<Session>;

  bool is_program() const noexcept { return !options_.child.command.empty(); }

  // duplex_server.cpp: what clients ask for
  void listen(Call& call);
  void end_by_client(Call& call);
  void post(Call call);
  void post_in_session(Call& call, const SessionPtr& session, mcp::Message message);
  void open_session(Call call, mcp::Message message);
  void open_old_style(Call call);
  void post_modern(Call call, mcp::Message message);
  SessionPtr find(const std::string& id) const;
  SessionPtr session_of_stream(const std::shared_ptr<AnswerPipe>& pipe) const;

  // duplex_links.cpp: what runs
  // The link to use for that, started if need be; nullptr: the call is answered, or comes again later.
  std::shared_ptr<Link> link_for(std::shared_ptr<Link>& kept, Call& call);
  bool may_start(Call& call);
  Result<std::shared_ptr<Link>> start_link(const Call& call);
  void link_ended(Link* link, const Error& why);
  SessionPtr add_session(const Call& call, const std::shared_ptr<Link>& link);
  void end_session(const std::string& id, const Error& why);
  void forget_session(const SessionPtr& session);
  void tick();
  void sweep();

  // duplex_room.cpp: who gives way to whom
  std::size_t most_links() const noexcept;
  std::size_t links_of_user() const noexcept;
  bool make_room(Call& call);
  bool make_session_room(Call& call);
  Choice to_give_way(const std::map<std::string, Held>& held, const std::string& user) const;
  Choice longest_unused(const std::map<std::string, Held>& held, const std::string& user, bool own) const;
  void end_link(Link& link);
  void refuse_full(Call& call, int seconds, std::string_view why);

  boost::asio::any_io_executor executor_;
  DuplexOptions options_;
  telemetry::Log& log_;
  boost::asio::steady_timer timer_;
  std::map<std::string, SessionPtr> sessions_;
  std::map<std::string, std::set<SessionPtr>> of_user_;  // the same sessions
  std::vector<Running> links_;
  std::atomic<std::size_t> running_ = 0;  // how many these are
  std::shared_ptr<Link> shared_;
  std::map<std::string, std::shared_ptr<Link>> modern_;  // by caller: without sessions each has its own
  int failures_ = 0;                                     // starts in a row that came to nothing
  net::SteadyTime not_before_{};
  std::size_t deferred_ = 0;
  bool closing_ = false;
};

}  // namespace postern::upstream
