#include <algorithm>
#include <utility>

#include "upstream/duplex/channels/sse_channel.hpp"
#include "upstream/duplex/channels/stdio_channel.hpp"
#include "upstream/duplex/duplex_server.hpp"

namespace postern::upstream {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kSweep{500};
// After a start that came to nothing: twice as long each time.
constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{30000};
constexpr std::chrono::seconds kLongEnough{10};  // a shared process that lived so long did well
constexpr std::size_t kMostDeferred = 1024;

}  // namespace

std::shared_ptr<Link> DuplexServer::link_for(std::shared_ptr<Link>& kept, Call& call) {
  if (kept && !kept->closing()) return kept;
  if (!may_start(call)) return nullptr;
  if (!make_room(call)) return nullptr;
  auto link = start_link(call);
  if (!link) {
    log_.error("upstream_not_started", {{"upstream", options_.name}, {"what", link.error().what}});
    call.pipe->fail(link.error());
    return nullptr;
  }
  kept = *link;
  return kept;
}

// Not at once after a server that ended as soon as it was begun: a short pause is waited for, a long one is refused.
bool DuplexServer::may_start(Call& call) {
  const auto now = steady_clock::now();
  if (now >= not_before_) return true;
  if (not_before_ - now > options_.connect_timeout || deferred_ >= kMostDeferred) {
    call.pipe->fail(fail(Errc::unavailable, "the server ends as soon as it is started; it is tried again later"));
    return false;
  }
  ++deferred_;
  const auto timer = std::make_shared<boost::asio::steady_timer>(executor_, not_before_);
  const auto later = std::make_shared<Call>(std::move(call));
  timer->async_wait([self = shared_from_this(), timer, later](const boost::system::error_code&) {
    --self->deferred_;
    self->handle(std::move(*later));
  });
  return false;
}

Result<std::shared_ptr<Link>> DuplexServer::start_link(const Call& call) {
  const LinkLimits limits{options_.response_timeout, options_.stream_idle_timeout};
  const auto link = std::make_shared<Link>(options_.name, options_.shared && is_program(), limits, log_);
  auto events =
      link->events([self = shared_from_this(), raw = link.get()](const Error& why) { self->link_ended(raw, why); });
  if (is_program()) {
    auto channel = open_stdio_channel(executor_, options_.name, options_.child, log_, std::move(events));
    if (!channel) return channel.error();
    link->attach(std::move(*channel));
  } else {
    link->attach(open_sse_channel(executor_, options_, call.headers, log_, std::move(events)));
  }
  link->on_initialized([weak = weak_from_this(), shared = options_.shared](const std::string& session, bool accepted) {
    const auto self = weak.lock();
    if (!self) return;
    if (accepted && !shared) self->failures_ = 0;
    if (!accepted) self->end_session(session, fail(Errc::closed, "the server did not initialize"));
  });
  links_.push_back({link, link->shared() ? std::string() : call.user, steady_clock::now()});
  running_ = links_.size();
  return link;
}

void DuplexServer::link_ended(Link* link, const Error& why) {
  const auto at =
      std::find_if(links_.begin(), links_.end(), [link](const auto& each) { return each.link.get() == link; });
  if (at == links_.end()) return;
  const Running running = std::move(*at);
  links_.erase(at);
  running_ = links_.size();
  std::erase_if(sessions_, [&](const auto& each) {
    const bool over = each.second->link.get() == link;
    if (over) forget_session(each.second);
    return over;
  });
  std::erase_if(modern_, [link](const auto& each) { return each.second.get() == link; });
  if (shared_.get() == link) shared_.reset();
  if (!link->lost()) return;
  log_.warning("upstream_lost", {{"upstream", options_.name}, {"what", why.what}});
  if (!is_program()) return;
  // One that had served its only session harms nobody else by its end.
  const bool lived = steady_clock::now() - running.since >= kLongEnough;
  const bool failed = !link->answered() || (options_.shared && !lived);
  failures_ = failed ? failures_ + 1 : 0;
  if (!failed && !options_.shared) return;
  const int doublings = std::clamp(failures_ - 1, 0, 10);
  not_before_ = steady_clock::now() + std::min(kFirstPause * (1 << doublings), kLongestPause);
}

void DuplexServer::end_session(const std::string& id, const Error& why) {
  auto node = sessions_.extract(id);
  if (node.empty()) return;
  const auto session = std::move(node.mapped());
  forget_session(session);
  session->link->leave(session->id, why);
  if (session->listening) session->listening->end(why);
  if (!session->link->shared()) session->link->close();
}

void DuplexServer::forget_session(const SessionPtr& session) {
  const auto own = of_user_.find(session->user);
  if (own == of_user_.end()) return;
  own->second.erase(session);
  if (own->second.empty()) of_user_.erase(own);
}

void DuplexServer::tick() {
  timer_.expires_after(kSweep);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->sweep();
    self->tick();
  });
}

void DuplexServer::sweep() {
  const auto now = steady_clock::now();
  const auto links = links_;
  for (const auto& running : links) running.link->sweep(now);
  std::vector<std::string> over;
  for (const auto& [id, session] : sessions_) {
    const bool listens = session->listening && !session->old_style && !session->listening->abandoned();
    if (listens || session->calls > 0) continue;
    if (now - session->last_used > options_.session_idle) over.push_back(id);
  }
  for (const auto& id : over) end_session(id, fail(Errc::closed, "nobody used the session"));
  // Those without sessions: a shared one, and those of the modern era.
  for (const auto& [link, user, since] : links) {
    const bool sessionless = link == shared_ || link->sessions().empty();
    if (sessionless && link->unused() && now - link->last_used() > options_.session_idle) link->close();
  }
}

void DuplexServer::close() {
  closing_ = true;
  timer_.cancel();
  const auto sessions = sessions_;
  const auto gone = fail(Errc::unavailable, "the gateway is ending");
  for (const auto& [id, session] : sessions) end_session(id, gone);
  const auto links = links_;
  for (const auto& running : links) running.link->close();
}

void DuplexServer::kill() {
  const auto links = links_;
  for (const auto& running : links) running.link->kill();
}

}  // namespace postern::upstream
