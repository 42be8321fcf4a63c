#include "http/url/url.hpp"

#include <algorithm>
#include <cstdint>

#include "base/strings.hpp"
#include "http/characters.hpp"
#include "http/url/authority.hpp"
#include "http/url/target.hpp"

namespace postern::http {
namespace {

constexpr std::size_t kUrlLimit = 8192;

bool is_http(std::string_view scheme) noexcept { return scheme == "http" || scheme == "https"; }

bool is_default_port(std::string_view scheme, std::string_view port) noexcept {
  return (scheme == "https" && port == "443") || (scheme == "http" && port == "80");
}

// Section 3.1.
bool is_scheme(std::string_view text) noexcept {
  const auto is_letter = [](char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; };
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [&](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

// Only bytes of the classes or of `more`, and no "%" but before two hexadecimal digits.
bool is_encoded(std::string_view text, std::uint8_t classes, std::string_view more) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is(text[i], classes) && more.find(text[i]) == std::string_view::npos) return false;
    if (text[i] == '%' && percent_value(text, i) < 0) return false;
  }
  return true;
}

// Takes what stands from the first `mark` on off the end of `rest`; nullopt when there is no mark.
std::optional<std::string_view> take_from(std::string_view& rest, char mark) noexcept {
  const auto at = rest.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto taken = rest.substr(at + 1);
  rest = rest.substr(0, at);
  return taken;
}

// Section 3.2. Private-use schemes may leave the host empty.
bool take_authority(std::string_view text, Url& url) {
  url.has_authority = true;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    if (!is_encoded(text.substr(0, at), character::kPath, ";")) return false;
    url.has_userinfo = true;
    text.remove_prefix(at + 1);
  }
  if (text.empty()) return !is_http(url.scheme);
  const auto authority = split_authority(text);
  if (!authority) return false;
  url.host = ascii_lower(authority->host);
  if (!is_default_port(url.scheme, authority->port)) url.port = authority->port;
  return true;
}

}  // namespace

std::string Url::origin() const {
  std::string out = scheme + "://" + host;
  if (!port.empty()) out += ":" + port;
  return out;
}

std::string Url::to_string() const {
  std::string out = has_authority ? origin() : scheme + ":";
  out += path;
  if (has_query) out += "?" + query;
  return out;
}

// RFC 8252 section 7.3 and 8.3. Other spellings of the addresses, and names below localhost, depend on who resolves
// them.
bool Url::is_loopback() const noexcept {
  return host == "localhost" || host == "[::1]" || (host.starts_with("127.") && is_ipv4(host));
}

Result<Url> parse_url(std::string_view text) {
  const auto refused = [](std::string what) { return fail(Errc::invalid, std::move(what)); };
  if (text.size() > kUrlLimit) return refused("the URL is too long");
  const auto fragment = take_from(text, '#');
  const auto query = take_from(text, '?');
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon))) return refused("not an absolute URL");

  Url url;
  url.scheme = ascii_lower(text.substr(0, colon));
  text.remove_prefix(colon + 1);
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const auto slash = std::min(text.find('/'), text.size());
    if (!take_authority(text.substr(0, slash), url)) return refused("the URL has no host, or one that is not allowed");
    text.remove_prefix(slash);
  } else if (is_http(url.scheme)) {
    return refused("the URL has no host");
  }
  if (!is_encoded(text, character::kPath, ";") || !is_encoded(query.value_or(""), character::kPath, ";?") ||
      !is_encoded(fragment.value_or(""), character::kPath, ";?")) {
    return refused("the URL holds a byte that must be percent-encoded, or a percent error");
  }
  url.path = text;
  url.query = query.value_or("");
  url.has_query = query.has_value();
  url.has_fragment = fragment.has_value();
  return url;
}

std::optional<std::string> canonical_authority(std::string_view authority, bool https) {
  const auto parts = split_authority(authority);
  if (!parts) return std::nullopt;
  std::string out = ascii_lower(parts->host);
  if (!parts->port.empty() && !is_default_port(https ? "https" : "http", parts->port)) {
    out += ':';
    out += parts->port;
  }
  return out;
}

std::optional<std::string> canonical_resource(std::string_view resource) {
  auto url = parse_url(resource);
  if (!url || !is_http(url->scheme) || url->has_fragment || url->has_userinfo) return std::nullopt;
  if (!url->path.empty() && !path_fault(url->path).empty()) return std::nullopt;
  if (!query_fault(url->query).empty()) return std::nullopt;
  if (url->path.ends_with('/')) url->path.pop_back();
  return url->to_string();
}

}  // namespace postern::http
