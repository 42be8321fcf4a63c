#include "oauth/redirect_uri.hpp"

#include <algorithm>
#include <array>

#include "base/strings.hpp"
#include "http/form.hpp"
#include "http/url/authority.hpp"
#include "http/url/private_scheme.hpp"
#include "http/url/url.hpp"

namespace postern::oauth {
namespace {

constexpr auto kLoopbackHosts = std::to_array<std::string_view>({"127.0.0.1", "[::1]", "localhost"});

// A path that a server may read as another one, plain or encoded.
bool has_dot_segment(std::string_view path) {
  const auto decoded = http::percent_decode(path);
  if (!decoded) return true;
  for (const std::string_view segment : split(*decoded, '/')) {
    if (segment == "." || segment == "..") return true;
  }
  return false;
}

bool has_encoded_control(std::string_view text) {
  const auto decoded = http::percent_decode(text);
  return !decoded ||
         std::ranges::any_of(*decoded, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F || c == '\\'; });
}

std::optional<std::string> scheme_fault(const http::Url& url) {
  const bool loopback = std::ranges::find(kLoopbackHosts, url.host) != kLoopbackHosts.end();
  if (url.scheme == "https") {
    if (url.host.empty()) return "An https redirect URI needs a host.";
  } else if (url.scheme == "http") {
    if (!loopback) return "http redirect URIs are for 127.0.0.1, [::1] and localhost only: use https.";
  } else if (!http::is_private_use_scheme(url.scheme)) {
    return "This scheme cannot be a redirect URI.";
  } else if (url.host.empty() && url.path.find_first_not_of('/') == std::string::npos) {
    return "A private-use redirect URI needs a host or a path.";
  }
  return std::nullopt;
}

struct Loopback {
  std::string_view host;
  std::string_view rest;  // path and query
};

// "http://HOST[:PORT]REST" with a host of ours, taken apart byte by byte: nothing is normalised, so two parsers cannot
// read it differently.
std::optional<Loopback> split_loopback(std::string_view uri) noexcept {
  constexpr std::string_view prefix = "http://";
  if (!uri.starts_with(prefix)) return std::nullopt;
  uri.remove_prefix(prefix.size());
  for (const std::string_view host : kLoopbackHosts) {
    if (!uri.starts_with(host)) continue;
    std::string_view rest = uri.substr(host.size());
    if (rest.starts_with(':')) {
      const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
      if (!http::is_port(rest.substr(1, end - 1))) return std::nullopt;
      rest.remove_prefix(end);
    }
    if (!rest.empty() && rest.front() != '/' && rest.front() != '?') return std::nullopt;
    return Loopback{host, rest};
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> redirect_uri_fault(std::string_view uri) {
  if (uri.empty() || uri.size() > kLongestRedirectUri) return "A redirect URI has 1 to 2048 characters.";
  const auto url = http::parse_url(uri);
  if (!url) return "A redirect URI must be an absolute URI without blanks or control characters.";
  if (uri.find('#') != std::string_view::npos) return "A redirect URI must not have a fragment.";
  if (url->has_userinfo) return "A redirect URI must not hold user information.";
  if (auto fault = scheme_fault(*url)) return fault;
  if (has_dot_segment(url->path)) return "A redirect URI must not have dot segments.";
  if (has_encoded_control(url->path) || has_encoded_control(url->query)) {
    return "A redirect URI must not hold encoded control characters.";
  }
  return std::nullopt;
}

bool redirect_uri_matches(std::string_view registered, std::string_view asked) noexcept {
  if (registered == asked) return true;
  const auto ours = split_loopback(registered);
  const auto theirs = split_loopback(asked);
  return ours && theirs && ours->host == theirs->host && ours->rest == theirs->rest;
}

bool is_loopback_redirect_uri(std::string_view uri) noexcept { return split_loopback(uri).has_value(); }

bool redirect_domain_allowed(std::string_view uri, const std::vector<std::string>& domains) {
  const auto url = http::parse_url(uri);
  if (!url) return false;
  const bool web = url->scheme == "https" || url->scheme == "http";
  return std::ranges::any_of(domains, [&](std::string_view domain) {
    if (!web) return domain.ends_with(':') && ascii_iequals(domain.substr(0, domain.size() - 1), url->scheme);
    // The dot stays: it keeps out the domain itself and names that merely end like it.
    if (domain.starts_with("*.")) return url->host.ends_with(ascii_lower(domain.substr(1)));
    return ascii_iequals(domain, url->host);
  });
}

std::string list_redirect_uris(const std::vector<std::string>& uris) {
  constexpr std::size_t most = 5;
  constexpr std::size_t longest = 200;
  std::vector<std::string> shown;
  for (const auto& uri : uris) {
    if (shown.size() == most) {
      shown.push_back("and " + std::to_string(uris.size() - most) + " more");
      break;
    }
    shown.push_back(uri.size() > longest ? uri.substr(0, longest) + "..." : uri);
  }
  return join(shown, ", ");
}

std::string redirect_host(std::string_view uri) {
  const auto url = http::parse_url(uri);
  if (!url) return {};
  return url->scheme == "https" || url->scheme == "http" ? url->host : url->scheme;
}

}  // namespace postern::oauth
