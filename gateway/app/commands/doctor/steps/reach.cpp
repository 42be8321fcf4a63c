#include "app/commands/doctor/steps/reach.hpp"

#include <algorithm>

#include "base/strings.hpp"
#include "net/address_guard.hpp"

namespace postern::app::doctor {
namespace {

void add_host(std::vector<std::string>& hosts, const std::string& host) {
  if (!host.empty() && std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(host);
}

std::vector<std::string> hosts_called(const Walk& walk) {
  std::vector<std::string> hosts{walk.url.host};
  if (walk.issuer) add_host(hosts, walk.issuer->host);
  if (!walk.server) return hosts;
  for (const auto* member : {"token_endpoint", "registration_endpoint"}) {
    const auto url = http::parse_url(text_of(*walk.server, member));
    if (url) add_host(hosts, url->host);
  }
  return hosts;
}

}  // namespace

std::string special_addresses(const std::string& host, const std::vector<boost::asio::ip::address>& addresses) {
  std::vector<std::string> special;
  for (const auto& address : addresses) {
    const auto kind = net::special_kind(address);
    if (!kind.empty()) special.push_back(address.to_string() + " (" + std::string(kind) + ")");
  }
  return special.empty() ? std::string() : host + " is at " + join(special, " and ");
}

bool reach_matters(const Walk& walk, const Client& client) {
  const bool loopback_typed = walk.url.is_loopback() && walk.url.host != "localhost";
  return client.calls_from != CallsFrom::here && !loopback_typed;
}

Finding check_reach(Walk& walk, const Client& client) {
  std::vector<std::string> seen;
  for (const auto& host : hosts_called(walk)) {
    const auto addresses = walk.prober.addresses_of(host);
    // A name that leads nowhere is the fault of the step that asks there.
    if (!addresses) continue;
    if (auto special = special_addresses(host, *addresses); !special.empty()) seen.push_back(std::move(special));
  }
  if (seen.empty()) return ok("at addresses of the public internet");
  const std::string title(client.title);
  if (client.calls_from == CallsFrom::anywhere) {
    return note("address", join(seen, "; "),
                title + " reaches this from a machine that can reach the address, but not from its maker's servers");
  }
  const std::string mend =
      title +
      " calls from its maker's servers: give the name a public address, or put a proxy or a tunnel in front "
      "that has one";
  if (!walk.named_client) return note("address", join(seen, "; "), mend);
  return failed("address", join(seen, "; "), "addresses of the public internet", mend);
}

}  // namespace postern::app::doctor
