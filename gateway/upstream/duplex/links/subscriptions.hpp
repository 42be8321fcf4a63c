#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace postern::upstream {

// Which sessions want to hear of which resource, where several share a server that knows one client only. Bounded by
// session and by user, since what is kept here is of the client's choosing. Hub's thread only.
class Subscriptions {
 public:
  static constexpr std::size_t kLongestUri = 4 * 1024;  // bytes
  static constexpr std::size_t kMostOfSession = 1000;
  static constexpr std::size_t kMostOfUser = 4000;

  // Errors: too_large, busy; a sentence for the client.
  Result<void> add(const std::string& session, const std::string& user, std::string_view uri);
  // True when nobody wants to hear of it any more.
  bool remove(const std::string& session, std::string_view uri);
  // The session is over. The resources that nobody wants to hear of any more.
  std::vector<std::string> remove_all(const std::string& session);
  // The sessions that want to hear of it; nullptr: none. Valid until the next change.
  const std::set<std::string>* sessions_of(std::string_view uri) const;

 private:
  struct OfSession {
    std::string user;
    std::set<std::string, std::less<>> uris;
  };

  bool drop_session_of(std::string_view uri, const std::string& session);

  std::map<std::string, OfSession> by_session_;
  std::map<std::string, std::set<std::string>, std::less<>> by_uri_;
  std::map<std::string, std::size_t> of_user_;
};

}  // namespace postern::upstream
