#include "policy/glob.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <optional>

#include <re2/re2.h>

#include "base/encoding.hpp"
#include "base/strings.hpp"

namespace postern::policy {
namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The byte of the escape that starts at `at`.
std::optional<char> escaped_byte(std::string_view text, std::size_t at) noexcept {
  if (at + 2 >= text.size()) return std::nullopt;
  const int high = hex_digit(text[at + 1]);
  const int low = hex_digit(text[at + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

// What is no escape stays as it is.
std::string decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? escaped_byte(text, i) : std::nullopt;
    out += byte ? *byte : text[i];
    if (byte) i += 2;
  }
  return out;
}

std::string to_regex(std::string_view glob, GlobKind kind) {
  std::string out;
  while (!glob.empty()) {
    if (glob.front() != '*') {
      const auto star = glob.find('*');
      const auto written = glob.substr(0, star);
      out += RE2::QuoteMeta(kind == GlobKind::uri ? decoded(written) : std::string(written));
      glob.remove_prefix(written.size());
      continue;
    }
    const bool deep = glob.starts_with("**");
    out += deep || kind == GlobKind::name ? "(?s:.*)" : "[^/]*";
    while (glob.starts_with('*')) glob.remove_prefix(1);
  }
  return out;
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool has_capital(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// A reader may end a segment at its parameters (`..;x`), and one that takes the URI for a file name looks for dot
// segments behind `?` and `#` as well.
bool has_dot_segment(std::string_view text) {
  const auto segments = split(text, '/');
  return std::any_of(segments.begin(), segments.end(), [](std::string_view segment) {
    const auto name = segment.substr(0, segment.find_first_of(";?#"));
    return name == "." || name == "..";
  });
}

// The WHATWG URL Standard, "special schemes": parsers rewrite these, so that one thing has many spellings.
bool is_special(std::string_view scheme) noexcept {
  constexpr std::string_view special[] = {"file", "ftp", "http", "https", "ws", "wss"};
  return std::find(std::begin(special), std::end(special), scheme) != std::end(special);
}

std::string_view default_port(std::string_view scheme) noexcept {
  if (scheme == "https" || scheme == "wss") return "443";
  return scheme == "ftp" ? "21" : "80";
}

// The URL Standard, "ends in a number": such a host is an address, in whatever way it is written.
bool is_number(std::string_view label) noexcept {
  if (label.starts_with("0x")) return true;
  return !label.empty() && std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// One of many spellings of an address, or a name that a parser maps to another.
bool is_plain_host(const std::string& host) {
  char plain[INET6_ADDRSTRLEN];
  if (host.starts_with('[')) {
    in6_addr address{};
    const auto inner = host.substr(1, host.size() - 2);
    return host.ends_with(']') && inet_pton(AF_INET6, inner.c_str(), &address) == 1 &&
           inet_ntop(AF_INET6, &address, plain, sizeof plain) != nullptr && inner == plain;
  }
  if (host.empty() || host.ends_with('.')) return false;
  if (std::any_of(host.begin(), host.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) return false;
  if (!is_number(std::string_view(host).substr(host.rfind('.') + 1))) return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 &&
         inet_ntop(AF_INET, &address, plain, sizeof plain) != nullptr && host == plain;
}

bool is_plain_authority(std::string_view authority, std::string_view scheme) {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (!is_plain_host(std::string(authority.substr(0, colon)))) return false;
  if (colon == std::string_view::npos) return true;
  const auto port = authority.substr(colon + 1);
  return is_number(port) && !port.starts_with('0') && port != default_port(scheme);
}

// Undecoded: a fragment is no part of what is fetched, `file:` has no query either, and a drive's `|` is rewritten to
// `:`.
bool has_what_readers_drop(std::string_view uri) {
  const auto scheme = uri.substr(0, uri.find(':'));
  if (!is_special(scheme)) return false;
  return uri.find_first_of(scheme == "file" ? "|?#" : "#") != std::string_view::npos;
}

bool has_second_spelling(std::string_view uri) {
  const auto colon = uri.find_first_of(":/?#");
  if (colon == std::string_view::npos || uri[colon] != ':') return false;
  const auto scheme = uri.substr(0, colon);
  if (has_capital(scheme)) return true;
  if (!is_special(scheme)) return false;
  auto rest = uri.substr(colon + 1);
  if (!rest.starts_with("//")) return true;
  rest.remove_prefix(2);
  const auto host = rest.substr(0, rest.find_first_of("/?#"));
  if (has_capital(host) || host.find('@') != std::string_view::npos) return true;
  const auto path = rest.substr(host.size());
  if (!path.starts_with('/')) return true;
  if (scheme == "file") return host == "localhost" || path.find("//") != std::string_view::npos;
  return !is_plain_authority(host, scheme);
}

}  // namespace

GlobSet::GlobSet(const std::vector<std::string>& globs, GlobKind kind) : kind_(kind) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);  // bytes: what was decoded need not be UTF-8
  for (const auto& glob : globs) matchers_.push_back(std::make_shared<const RE2>(to_regex(glob, kind), options));
}

bool GlobSet::matches(std::string_view text) const {
  if (matchers_.empty()) return false;
  const auto plain = kind_ == GlobKind::uri ? decoded(text) : std::string(text);
  return std::any_of(matchers_.begin(), matchers_.end(),
                     [&](const auto& matcher) { return RE2::FullMatch(plain, *matcher); });
}

bool is_ambiguous_uri(std::string_view uri) {
  for (std::size_t i = 0; i < uri.size(); ++i) {
    if (is_control(uri[i]) || uri[i] == ' ' || uri[i] == '\\') return true;
    if (uri[i] != '%') continue;
    const auto byte = escaped_byte(uri, i);
    // A separator or a second layer of encoding changes what the URI means once somebody decodes it.
    if (!byte || *byte == '/' || *byte == '\\' || *byte == '%' || is_control(*byte)) return true;
  }
  const auto plain = decoded(uri);
  return !is_valid_utf8(plain) || has_dot_segment(plain) || has_second_spelling(plain) || has_what_readers_drop(uri);
}

}  // namespace postern::policy
