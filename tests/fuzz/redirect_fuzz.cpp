// Redirect URIs: the first line is registered, the second is asked for. What may be registered leads where it seems to,
// and nothing but a loopback's port may differ.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/form.hpp"
#include "http/url/url.hpp"
#include "oauth/redirect_uri.hpp"
#include "require.hpp"

namespace {

using namespace postern;
using namespace postern::oauth;

bool is_web(const http::Url& url) { return url.scheme == "https" || url.scheme == "http"; }

void check_good(std::string_view uri) {
  const auto url = http::parse_url(uri);
  require(url.has_value(), "what may be registered is a URL");
  require(uri.size() <= kLongestRedirectUri && uri.find('#') == std::string_view::npos, "short, without a fragment");
  for (const char c : uri) require(c > 0x20 && c < 0x7F && c != '\\' && c != '"' && c != '<', "fit for a Location");
  require(!url->has_userinfo, "its host is not hidden behind a user");
  for (const auto* scheme : {"javascript", "data", "vbscript", "file", "blob", "about", "view-source", "filesystem"}) {
    require(url->scheme != scheme, "no browser runs or reads it");
  }
  require(url->scheme != "http" || url->is_loopback(), "in the clear to the own machine only");
  const auto decoded = http::percent_decode(url->path);
  require(decoded.has_value() && decoded->find("/../") == std::string::npos, "its path does not climb");
  require(redirect_uri_matches(uri, uri), "it is the one that is registered");
  const auto host = redirect_host(uri);
  require(!host.empty() && host == (is_web(*url) ? url->host : url->scheme), "people are shown where it leads");
  require(redirect_domain_allowed(uri, {is_web(*url) ? host : host + ":"}), "whoever allows that host allows it");
  require(!redirect_domain_allowed(uri, {}), "whoever allows none allows none");
  require(host == "other.test" || !redirect_domain_allowed(uri, {"other.test"}), "another host is another");
}

void check_answer(std::string_view uri) {
  // RFC 6749 section 4.1.2: what is added leaves host and path as they were.
  const std::string with = std::string(uri) + (uri.find('?') == std::string_view::npos ? "?" : "&") + "code=a";
  const auto before = http::parse_url(uri);
  const auto after = http::parse_url(with);
  require(after && after->origin() == before->origin() && after->path == before->path, "a code goes to the same place");
}

void check_pair(std::string_view registered, std::string_view asked) {
  if (redirect_uri_fault(registered) || !redirect_uri_matches(registered, asked)) return;
  require(redirect_uri_matches(asked, registered), "two that match match both ways");
  require(!redirect_uri_fault(asked), "what matches a good one may itself be registered");
  if (registered == asked) return;
  const auto ours = http::parse_url(registered);
  const auto theirs = http::parse_url(asked);
  require(ours && theirs && ours->scheme == "http" && theirs->scheme == "http", "only http may differ");
  require(ours->host == theirs->host && ours->is_loopback(), "on the same loopback");
  require(ours->path == theirs->path && ours->query == theirs->query && ours->has_query == theirs->has_query,
          "and only in its port");
}

void check_ports(std::string_view uri) {
  const auto url = http::parse_url(uri);
  if (redirect_uri_fault(uri) || url->scheme != "http" || !url->port.empty()) return;
  const auto at = uri.find(url->host);
  if (at == std::string_view::npos || uri.substr(at + url->host.size()).starts_with(':')) return;
  const auto with = [&](const std::string& port) {
    return std::string(uri.substr(0, at + url->host.size())) + port + std::string(uri.substr(at + url->host.size()));
  };
  require(!redirect_uri_matches(uri, with(":0")) && !redirect_uri_matches(uri, with(":65536")), "a port is a port");
  require(!redirect_uri_matches(uri, with(".evil.test")), "a longer host is another");
  require(!redirect_uri_matches(uri, with(":1@evil.test")), "as is one behind a user");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto end = input.find('\n');
  const auto registered = input.substr(0, end);
  if (!redirect_uri_fault(registered)) {
    check_good(registered);
    check_answer(registered);
    check_ports(registered);
  }
  if (end != std::string_view::npos) check_pair(registered, input.substr(end + 1));
  return 0;
}
