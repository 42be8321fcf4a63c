#include "oauth/scope.hpp"

#include <algorithm>

#include "base/strings.hpp"

namespace postern::oauth {
namespace {

constexpr std::size_t kLongestScope = 16 * 1024;
constexpr std::size_t kMostScopes = 500;

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

std::vector<std::string> intersect(const std::vector<std::string>& scopes, const std::vector<std::string>& others) {
  std::vector<std::string> both;
  for (const std::string& scope : scopes) {
    if (std::ranges::find(others, scope) != others.end()) both.push_back(scope);
  }
  return both;
}

}  // namespace postern::oauth
