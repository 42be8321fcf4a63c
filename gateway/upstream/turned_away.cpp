#include "upstream/turned_away.hpp"

#include <algorithm>

#include "http/url/url.hpp"

namespace postern::upstream {
namespace {

constexpr std::size_t kLongestLocation = 200;

bool is_redirect(int status) noexcept { return status >= 300 && status < 400; }

std::string on_redirect(std::string_view location, const std::string& urls) {
  if (location.empty()) return "the gateway follows no redirects: write the address that answers itself into " + urls;
  return "the gateway follows no redirects: write the address that answers itself, perhaps " + std::string(location) +
         ", into " + urls + "; if that is a sign-in page, let the server take the gateway's calls without one";
}

}  // namespace

bool turns_gateway_away(int status) noexcept {
  return is_redirect(status) || status == 401 || status == 403 || status == 407 || status == 421;
}

std::string shown_location(std::string_view location) {
  std::string shown;
  if (const auto url = http::parse_url(location); url && url->has_authority) {
    shown = url->origin() + url->path;
  } else if (location.starts_with('/') && !location.starts_with("//")) {
    shown = location.substr(0, location.find_first_of("?#"));
  }
  const bool printable = std::ranges::all_of(shown, [](char c) { return c > ' ' && c <= '~'; });
  return printable ? shown.substr(0, kLongestLocation) : std::string();
}

std::string advice_on(int status, std::string_view location, std::string_view upstream) {
  const auto key = [upstream](std::string_view name) {
    return "`upstreams." + std::string(upstream) + "." + std::string(name) + "`";
  };
  if (is_redirect(status)) return on_redirect(location, key("urls"));
  switch (status) {
    case 401:
      return "it wants credentials of the gateway's own: set " + key("credential.bearer") +
             ", or the header it takes in " + key("headers") + ", or switch its own authorization off";
    case 403:
      return "it forbids the gateway's calls: set " + key("credential.bearer") + " or " + key("headers") +
             " if it wants credentials; if it checks the Host header, which is the host in " + key("urls") +
             ", let it allow that host";
    case 404:
    case 405:
    case 410:
      return "it has no MCP endpoint at that path: compare the path in " + key("urls") + " with the server's own";
    case 407: return "a proxy that wants credentials answers: write the server's own address into " + key("urls");
    case 421:
      return "it does not know the Host header it gets, which is the host in " + key("urls") +
             ": write the name there that it expects, or let it allow this one";
    default: return "look at that server's own log, and compare " + key("urls") + " with where it listens";
  }
}

}  // namespace postern::upstream
