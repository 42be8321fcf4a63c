#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace postern::policy {

// How far a `*` reaches. In names it matches anything; in resource URIs it stops at "/", and `**` does not.
enum class GlobKind { name, uri };

// A list of globs, matched in time linear in the text (RE2). Everything but `*` stands for itself; in URIs, percent
// escapes are decoded on both sides first, so that `%61` and `a` are the same. Immutable; thread-safe.
class GlobSet {
 public:
  static constexpr std::size_t kLongest = 1024;  // bytes of one glob

  GlobSet() = default;
  GlobSet(const std::vector<std::string>& globs, GlobKind kind);

  bool empty() const noexcept { return matchers_.empty(); }
  bool matches(std::string_view text) const;
  // For URIs: whether a glob names `reading`, which plain_reading() or reading_without_port() made, as it is written or
  // with its own authority in the plain spelling.
  bool matches_reading(std::string_view reading) const;
  // Whether a glob names that plain reading, which has no port, with a port of a scheme whose default is not known.
  bool matches_with_port(std::string_view portless) const;
  // Whether one glob of this set names everything that `glob`, of the same kind, can name. False where that is not
  // certain.
  bool covers(std::string_view glob) const;

 private:
  using Matchers = std::vector<std::shared_ptr<const re2::RE2>>;

  Matchers matchers_;
  Matchers plain_;     // of the globs whose authority has another spelling
  Matchers portless_;  // of the globs with a port, without it
  GlobKind kind_ = GlobKind::name;
};

}  // namespace postern::policy
