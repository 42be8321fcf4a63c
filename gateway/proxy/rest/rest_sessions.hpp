#pragma once

#include <chrono>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace postern::proxy {

// How the bridge speaks to a server behind for one caller. Of the era with sessions it is one session, kept for the
// caller's next call, since what such a server remembers (a cart) hangs on it; else only which era it is.
struct RestSession {
  bool modern = false;
  std::string version;  // that was agreed on
  std::string id;       // empty: the server has no sessions
  std::string address;  // which of the upstream's URLs it lives at, as Exchange::address() gives it
};

// Sessions by caller: user, client, tenant, resource and upstream, as those sealed for clients of MCP, so that a new
// token of the same caller finds what the old one left. Bounded: the one that was not used for longest makes room.
// Thread-safe.
class RestSessions {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit RestSessions(std::size_t capacity = 10'000) : capacity_(capacity) {}

  std::optional<RestSession> find(const std::string& caller, Time now, std::chrono::steady_clock::duration idle);
  // The session that counts from now on: another one, if it came first.
  RestSession keep(const std::string& caller, RestSession session, Time now);
  // Unless another one has taken its place.
  void forget(const std::string& caller, const RestSession& session);
  std::size_t size() const;

 private:
  struct Entry {
    std::string caller;
    RestSession session;
    Time used;
  };
  using Entries = std::list<Entry>;  // the latest first

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string, Entries::iterator> by_caller_;
};

}  // namespace postern::proxy
