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

// A list of globs, matched in time linear in the text (RE2). Everything but `*` stands for itself. Immutable;
// thread-safe.
class GlobSet {
 public:
  GlobSet() = default;
  GlobSet(const std::vector<std::string>& globs, GlobKind kind);

  bool empty() const noexcept { return matchers_.empty(); }
  bool matches(std::string_view text) const;

 private:
  std::vector<std::shared_ptr<const re2::RE2>> matchers_;
};

// Resource URIs that two readers may take for different things: dot segments (plain or encoded), encoded separators,
// backslashes, control bytes, percent errors. Refused before any rule is looked at.
bool is_ambiguous_uri(std::string_view uri) noexcept;

}  // namespace postern::policy
