#include "app/commands/doctor/options.hpp"

#include <algorithm>
#include <array>
#include <ostream>

#include "app/commands.hpp"
#include "config/address_template.hpp"
#include "config/forms.hpp"

namespace postern::app::doctor {
namespace {

constexpr std::array<std::string_view, 2> kPlaceholders{config::kTenantPart, "{handle}"};

bool holds_placeholder(std::string_view url) {
  return std::ranges::any_of(kPlaceholders, [&](auto part) { return url.find(part) != std::string_view::npos; });
}

// As a whole label of the host or a whole segment of the path.
bool names_handle(const std::string& text, std::string_view handle) {
  const auto url = http::parse_url(text);
  if (!url) return false;
  const std::string places = "/" + std::string(url->host) + url->path + "/";
  for (auto at = places.find(handle); at != std::string::npos; at = places.find(handle, at + 1)) {
    const char before = places[at - 1];
    const char after = places[at + handle.size()];
    if ((before == '/' || before == '.') && (after == '/' || after == '.')) return true;
  }
  return false;
}

std::string filled(std::string url, const std::string& handle) {
  for (const auto part : kPlaceholders) {
    for (auto at = url.find(part); at != std::string::npos; at = url.find(part, at + handle.size())) {
      url.replace(at, part.size(), handle);
    }
  }
  return url;
}

}  // namespace

Result<http::Url> typed_url(const std::string& text, bool insecure_http) {
  if (holds_placeholder(text)) return fail(Errc::invalid, "URL: write a handle in the place of {tenant}");
  auto url = http::parse_url(text);
  if (!url) return fail(Errc::invalid, "URL: " + url.error().what);
  if ((url->scheme != "https" && url->scheme != "http") || url->has_userinfo || url->has_fragment) {
    return fail(Errc::invalid, "URL: give the MCP URL, https:// without user information and fragment");
  }
  if (url->scheme == "http" && !url->is_loopback() && !insecure_http) {
    return fail(Errc::invalid,
                "URL: http:// is for this machine alone; clients need https:// (--insecure-http asks all the same)");
  }
  return url;
}

bool is_bearer(std::string_view text) {
  const auto body = text.substr(0, text.find_last_not_of('=') + 1);
  return !body.empty() && std::ranges::all_of(body, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("-._~+/").find(c) != std::string_view::npos;
  });
}

void warn_of_plain_http(Console& console, const http::Url& url) {
  if (url.scheme != "http" || url.is_loopback()) return;
  console.err << "postern: warning: --insecure-http: whoever is on the way can read and change what is said, a token "
                 "included\n";
}

Result<std::string> address_for(const ConnectOptions& options) {
  const bool open = holds_placeholder(options.url);
  if (options.handle.empty()) {
    if (!open) return options.url;
    return fail(Errc::invalid, options.gateway ? "--gateway is for the one address that all handles share: URL holds a "
                                                 "place for a handle"
                                               : "URL holds a place for a handle: give --handle");
  }
  if (options.gateway) return fail(Errc::invalid, "--handle and --gateway exclude each other");
  if (!config::is_handle(options.handle)) {
    return fail(Errc::invalid,
                "--handle: a handle has 1 to 63 lower-case letters, digits and hyphens, and begins with no hyphen");
  }
  if (open) return filled(options.url, options.handle);
  if (names_handle(options.url, options.handle)) return options.url;
  return fail(Errc::invalid,
              "--handle: URL is not that of this handle; write {tenant} where handles stand, such as "
              "https://{tenant}.mcp.example.test/mcp, or give --gateway for the address that all handles share");
}

}  // namespace postern::app::doctor
