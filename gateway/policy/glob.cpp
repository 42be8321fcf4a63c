#include "policy/glob.hpp"

#include <re2/re2.h>

#include "base/strings.hpp"

namespace postern::policy {
namespace {

std::string to_regex(std::string_view glob, GlobKind kind) {
  std::string out;
  while (!glob.empty()) {
    if (glob.front() != '*') {
      const auto star = glob.find('*');
      const auto literal = glob.substr(0, star);
      out += RE2::QuoteMeta(re2::StringPiece(literal.data(), literal.size()));
      glob.remove_prefix(literal.size());
      continue;
    }
    const bool deep = glob.starts_with("**");
    out += deep || kind == GlobKind::name ? "(?s:.*)" : "[^/]*";
    while (glob.starts_with('*')) glob.remove_prefix(1);
  }
  return out;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_dot_segment(std::string_view segment) noexcept { return segment == "." || segment == ".."; }

}  // namespace

GlobSet::GlobSet(const std::vector<std::string>& globs, GlobKind kind) {
  RE2::Options options;
  options.set_log_errors(false);
  for (const auto& glob : globs) matchers_.push_back(std::make_shared<const RE2>(to_regex(glob, kind), options));
}

bool GlobSet::matches(std::string_view text) const {
  for (const auto& matcher : matchers_) {
    if (RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *matcher)) return true;
  }
  return false;
}

bool is_ambiguous_uri(std::string_view uri) noexcept {
  std::string decoded;
  for (std::size_t i = 0; i < uri.size(); ++i) {
    const auto c = static_cast<unsigned char>(uri[i]);
    if (c < 0x21 || c == 0x7F || c == '\\') return true;
    if (c != '%') {
      decoded += static_cast<char>(c);
      continue;
    }
    if (i + 2 >= uri.size()) return true;
    const int high = hex_digit(uri[i + 1]);
    const int low = hex_digit(uri[i + 2]);
    if (high < 0 || low < 0) return true;
    const auto byte = static_cast<char>(high * 16 + low);
    // A separator, a NUL or a second layer of encoding changes what the URI means once somebody decodes it.
    if (byte == '/' || byte == '\\' || byte == '\0' || byte == '%') return true;
    decoded += byte;
    i += 2;
  }
  const auto path = std::string_view(decoded).substr(0, decoded.find_first_of("?#"));
  for (const auto segment : split(path, '/')) {
    if (is_dot_segment(segment.substr(0, segment.find(';')))) return true;
  }
  return false;
}

}  // namespace postern::policy
