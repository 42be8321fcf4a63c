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

 private:
  std::vector<std::shared_ptr<const re2::RE2>> matchers_;
  GlobKind kind_ = GlobKind::name;
};

// Resource URIs (RFC 3986) that two readers may take for different things: dot segments anywhere, plain or encoded;
// encoded separators and encoded percent signs; backslashes and control bytes; percent errors and broken UTF-8; second
// spellings of one address (scheme or host in capitals, user information, `file:/x`, `file://localhost/x`,
// `file:///a//x`, `file:///x#y`, `http://host` without a path, default ports, `http://127.1/`, fragments). Refused
// before any rule is looked at. URI templates (RFC 6570) are judged like URIs.
bool is_ambiguous_uri(std::string_view uri);

}  // namespace postern::policy
