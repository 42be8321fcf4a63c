#include <algorithm>
#include <utility>

#include "mcp/jsonrpc.hpp"
#include "upstream/duplex/duplex_server.hpp"

// Who gives way to whom. Nobody holds more than a share; what is full is shared out anew, from whoever has most; and a
// call that is under way is never ended for somebody else.
namespace postern::upstream {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kUnused{60};  // what somebody else uses so rarely may go though he has no more
constexpr int kSoon = 5;                     // seconds, where nobody knows when room will be
constexpr std::size_t kMostSessions = 10'000;
constexpr std::size_t kSessionsOfUser = 500;
constexpr std::size_t kFewEnding = 4;

}  // namespace

std::size_t DuplexServer::most_links() const noexcept { return is_program() ? options_.processes : kMostSessions; }

std::size_t DuplexServer::links_of_user() const noexcept {
  return is_program() ? std::max<std::size_t>(1, options_.processes / 2) : kSessionsOfUser;
}

void DuplexServer::refuse_full(Call& call, int seconds, std::string_view why) {
  log_.warning("upstream_full", {{"upstream", options_.name}, {"what", why}});
  call.pipe->answer({.status = 503, .type = "application/json", .retry_after = seconds},
                    mcp::error_body(call.id, -32003, why, {{"error", "temporarily_unavailable"}}));
}

// Room for a process of the caller's own, or a connection.
bool DuplexServer::make_room(Call& call) {
  std::map<std::string, Held> held;
  std::size_t open = 0;
  for (const auto& each : links_) {
    auto& of_user = held[each.user];
    ++(each.link->closing() ? of_user.ending : of_user.open);
    if (!each.link->closing()) ++open;
  }
  const auto mine = held[call.user];
  // Those that were ended and still run are no way around the bound.
  const std::size_t ending = links_.size() - open;
  if (mine.ending >= std::max(kFewEnding, links_of_user()) || ending >= std::max(2 * kFewEnding, most_links())) {
    refuse_full(call, kSoon, "too many processes are still ending; try again in a moment");
    return false;
  }
  const bool share_is_full = mine.open >= links_of_user();
  if (!share_is_full && open < most_links()) return true;
  const auto chosen = share_is_full ? longest_unused(held, call.user, true) : to_give_way(held, call.user);
  if (!chosen.link) {
    const auto* why = share_is_full ? "all sessions that one user may have have a call under way; end one of them first"
                                    : "all sessions that there may be are in use; try again in a moment";
    refuse_full(call, chosen.seconds, why);
    return false;
  }
  end_link(*chosen.link);
  return true;
}

// For who has not his share, where all is taken: of whoever has most, at once if that leaves him no fewer than the
// newcomer; then his own; then what nobody used for a while.
DuplexServer::Choice DuplexServer::to_give_way(const std::map<std::string, Held>& held, const std::string& user) const {
  const std::size_t mine = held.at(user).open;
  Choice richest;
  std::size_t most = mine + 1;
  for (const auto& [other, has] : held) {
    if (has.open <= most) continue;
    const auto found = longest_unused(held, other, true);
    if (!found.link) continue;
    richest = found;
    most = has.open;
  }
  if (richest.link) return richest;
  if (const auto own = longest_unused(held, user, true); own.link) return own;
  auto oldest = longest_unused(held, user, false);
  if (!oldest.link) return oldest;
  const auto left = oldest.last_used + kUnused - steady_clock::now();
  if (left <= steady_clock::duration::zero()) return oldest;
  oldest.link = nullptr;
  oldest.seconds = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(left).count());
  return oldest;
}

// Without a call under way; `own`: of that user, else of anybody.
DuplexServer::Choice DuplexServer::longest_unused(const std::map<std::string, Held>& held, const std::string& user,
                                                  bool own) const {
  Choice oldest{.seconds = kSoon};
  if (own && held.at(user).open == 0) return oldest;
  for (const auto& each : links_) {
    const auto& link = each.link;
    if (own ? each.user != user : false) continue;
    if (link->closing() || link->shared() || link->busy()) continue;
    const auto& sessions = link->sessions();
    const auto used = sessions.empty() ? link->last_used() : sessions.begin()->second->last_used;
    if (!oldest.link || used < oldest.last_used) oldest = {.link = link, .last_used = used, .seconds = kSoon};
  }
  return oldest;
}

void DuplexServer::end_link(Link& link) {
  const auto why = fail(Errc::closed, "the session was ended: its place was needed");
  const auto sessions = link.sessions();
  for (const auto& [id, session] : sessions) end_session(id, why);
  link.close();
}

// Room for one more session on the process that all share.
bool DuplexServer::make_session_room(Call& call) {
  const auto own = of_user_.find(call.user);
  const std::size_t mine = own == of_user_.end() ? 0 : own->second.size();
  const bool share_is_full = mine >= kSessionsOfUser;
  if (!share_is_full && sessions_.size() < kMostSessions) return true;
  auto from = own;
  for (auto each = of_user_.begin(); !share_is_full && each != of_user_.end(); ++each) {
    const std::size_t most = from == of_user_.end() ? mine + 1 : std::max(from->second.size(), mine + 1);
    if (each->second.size() > most) from = each;
  }
  SessionPtr oldest;
  if (from != of_user_.end()) {
    for (const auto& session : from->second) {
      if (session->calls == 0 && (!oldest || session->last_used < oldest->last_used)) oldest = session;
    }
  }
  if (!oldest) {
    refuse_full(call, kSoon, "all sessions that there may be are in use; end one of them, or try again in a moment");
    return false;
  }
  end_session(std::string(oldest->id), fail(Errc::closed, "the session was ended: its place was needed"));
  return true;
}

}  // namespace postern::upstream
