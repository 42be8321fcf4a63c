#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "config/address_template.hpp"
#include "config/forms.hpp"

namespace postern::tenant {

namespace detail {

// The pieces of `text` between separators, counted from 0: that one replaced by `{tenant}`. nullopt when there is no
// such piece, or it is no handle.
struct Generalized {
  std::string text;
  std::string handle;
};
std::optional<Generalized> generalize(std::string_view text, char separator, std::size_t piece);
// Which piece of `text` is `{tenant}`.
std::optional<std::size_t> tenant_piece(std::string_view text, char separator);

}  // namespace detail

// What is at addresses, some of which hold `{tenant}` as a label of the host or a segment of the path. What is written
// out wins over `{tenant}`: a host of its own is never a tenant's. Finding costs the same however many tenants there
// are. Not for writing by several threads; reading is thread-safe.
template <class T>
class AddressTable {
 public:
  struct Match {
    const T* value = nullptr;
    std::string handle;  // empty where the address holds no `{tenant}`
  };

  // False: there is something at that address.
  bool add(const std::string& origin, const std::string& path, T value) {
    auto& paths = origins_[origin];
    if (const auto piece = detail::tenant_piece(without_scheme(origin), '.')) labels_.insert(*piece);
    if (const auto piece = detail::tenant_piece(path, '/')) paths.segments.insert(*piece);
    return paths.by_path.try_emplace(path, std::move(value)).second;
  }

  bool serves(std::string_view origin) const { return paths_at(origin).first != nullptr; }

  std::optional<Match> find(std::string_view origin, std::string_view path) const {
    const auto [paths, handle] = paths_at(origin);
    // No tenant is called `{tenant}`.
    if (paths == nullptr || config::holds_tenant(path)) return std::nullopt;
    if (const auto exact = paths->by_path.find(path); exact != paths->by_path.end()) {
      return Match{&exact->second, handle};
    }
    for (const std::size_t segment : paths->segments) {
      auto general = detail::generalize(path, '/', segment);
      if (!general) continue;
      const auto found = paths->by_path.find(general->text);
      if (found != paths->by_path.end()) return Match{&found->second, std::move(general->handle)};
    }
    return std::nullopt;
  }

 private:
  struct Paths {
    std::map<std::string, T, std::less<>> by_path;
    std::set<std::size_t> segments;  // of the paths that hold `{tenant}`, where
  };

  static std::string_view without_scheme(std::string_view origin) { return origin.substr(origin.find("://") + 3); }

  std::pair<const Paths*, std::string> paths_at(std::string_view origin) const {
    if (config::holds_tenant(origin)) return {nullptr, {}};
    if (const auto exact = origins_.find(origin); exact != origins_.end()) return {&exact->second, {}};
    const auto authority = without_scheme(origin);
    const auto scheme = origin.substr(0, origin.size() - authority.size());
    for (const std::size_t label : labels_) {
      auto general = detail::generalize(authority, '.', label);
      if (!general) continue;
      const auto found = origins_.find(std::string(scheme) + general->text);
      if (found != origins_.end()) return {&found->second, std::move(general->handle)};
    }
    return {nullptr, {}};
  }

  std::map<std::string, Paths, std::less<>> origins_;
  std::set<std::size_t> labels_;  // of the hosts that hold `{tenant}`, where
};

}  // namespace postern::tenant
