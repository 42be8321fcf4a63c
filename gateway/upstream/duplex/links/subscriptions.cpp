#include "upstream/duplex/links/subscriptions.hpp"

#include <utility>

namespace postern::upstream {

Result<void> Subscriptions::add(const std::string& session, const std::string& user, std::string_view uri) {
  if (uri.size() > kLongestUri) {
    return fail(Errc::too_large, "params.uri is longer than " + std::to_string(kLongestUri) + " bytes");
  }
  auto& own = by_session_[session];
  if (own.uris.contains(uri)) return {};
  auto& all = of_user_[user];
  if (own.uris.size() >= kMostOfSession || all >= kMostOfUser) {
    return fail(Errc::busy, "too many subscriptions are open: end some with resources/unsubscribe first");
  }
  ++all;
  own.user = user;
  own.uris.emplace(uri);
  by_uri_[std::string(uri)].insert(session);
  return {};
}

bool Subscriptions::remove(const std::string& session, std::string_view uri) {
  const auto own = by_session_.find(session);
  if (own == by_session_.end()) return sessions_of(uri) == nullptr;
  const auto at = own->second.uris.find(uri);
  if (at == own->second.uris.end()) return sessions_of(uri) == nullptr;
  own->second.uris.erase(at);
  if (const auto user = of_user_.find(own->second.user); --user->second == 0) of_user_.erase(user);
  if (own->second.uris.empty()) by_session_.erase(own);
  return drop_session_of(uri, session);
}

std::vector<std::string> Subscriptions::remove_all(const std::string& session) {
  std::vector<std::string> unwanted;
  const auto node = by_session_.extract(session);
  if (node.empty()) return unwanted;
  const auto& [user, uris] = node.mapped();
  if (const auto count = of_user_.find(user); count != of_user_.end()) {
    count->second -= uris.size();
    if (count->second == 0) of_user_.erase(count);
  }
  for (const auto& uri : uris) {
    if (drop_session_of(uri, session)) unwanted.push_back(uri);
  }
  return unwanted;
}

const std::set<std::string>* Subscriptions::sessions_of(std::string_view uri) const {
  const auto at = by_uri_.find(uri);
  return at == by_uri_.end() ? nullptr : &at->second;
}

bool Subscriptions::drop_session_of(std::string_view uri, const std::string& session) {
  const auto at = by_uri_.find(uri);
  if (at == by_uri_.end()) return true;
  at->second.erase(session);
  if (!at->second.empty()) return false;
  by_uri_.erase(at);
  return true;
}

}  // namespace postern::upstream
