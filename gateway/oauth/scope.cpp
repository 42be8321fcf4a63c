#include "oauth/scope.hpp"

#include <algorithm>
#include <array>

#include "base/strings.hpp"

namespace postern::oauth {
namespace {

constexpr std::size_t kLongestScope = 16 * 1024;
constexpr std::size_t kMostScopes = 500;

constexpr auto kOpenIdScopes = std::to_array<std::string_view>({"openid", "profile", "email", "offline_access"});

}  // namespace

std::optional<std::vector<std::string>> parse_scope(std::string_view scope) {
  if (scope.size() > kLongestScope) return std::nullopt;
  auto words = split_words(scope);
  if (words.size() > kMostScopes) return std::nullopt;
  return words;
}

std::vector<std::string> known_scopes(const std::vector<std::string>& wanted, const policy::Policy& policy) {
  std::vector<std::string> known;
  for (const auto& [scope, text] : policy.scopes()) {
    if (std::ranges::find(wanted, scope) != wanted.end()) known.push_back(scope);
  }
  return known;
}

bool asks_for_default(const std::vector<std::string>& asked, const std::vector<std::string>& known) {
  return known.empty() && std::ranges::all_of(asked, [](const std::string& scope) {
           return std::ranges::find(kOpenIdScopes, scope) != kOpenIdScopes.end();
         });
}

std::optional<std::vector<std::string>> scope_limit(const store::Client& client) {
  if (client.dynamic || client.scope.empty()) return std::nullopt;
  return split_words(client.scope);
}

std::vector<std::string> intersect(const std::vector<std::string>& scopes, const std::vector<std::string>& others) {
  std::vector<std::string> both;
  for (const std::string& scope : scopes) {
    if (std::ranges::find(others, scope) != others.end()) both.push_back(scope);
  }
  return both;
}

}  // namespace postern::oauth
