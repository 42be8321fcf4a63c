#include "server/client_address.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "base/strings.hpp"

namespace postern::server {

namespace ip = boost::asio::ip;

constexpr std::size_t kMaxHops = 32;

struct TrustedProxies::Networks {
  std::vector<ip::network_v4> v4;
  std::vector<ip::network_v6> v6;
};

namespace {

bool parse_address(std::string_view text, ip::address& out) {
  boost::system::error_code error;
  out = ip::make_address(std::string(text), error);
  if (error) return false;
  if (out.is_v6() && out.to_v6().is_v4_mapped()) out = ip::make_address_v4(ip::v4_mapped, out.to_v6());
  return true;
}

bool covers(const ip::network_v4& network, const ip::address_v4& address) {
  return ip::network_v4(address, network.prefix_length()).network() == network.network();
}

bool covers(const ip::network_v6& network, const ip::address_v6& address) {
  return ip::network_v6(address, network.prefix_length()).network() == network.network();
}

std::vector<std::string_view> forwarded_hops(const http::FieldBlock& fields) {
  std::vector<std::string_view> hops;
  for (const auto& field : fields.all()) {
    if (!ascii_iequals(field.name, "x-forwarded-for")) continue;
    for (const auto part : split(field.value, ',')) hops.push_back(trim(part));
  }
  return hops;
}

}  // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string>& cidrs) : networks_(std::make_unique<Networks>()) {
  for (const auto& cidr : cidrs) {
    boost::system::error_code error;
    const auto v4 = ip::make_network_v4(cidr, error);
    if (!error) {
      networks_->v4.push_back(v4);
      continue;
    }
    const auto v6 = ip::make_network_v6(cidr, error);
    if (!error) networks_->v6.push_back(v6);
  }
}

TrustedProxies::~TrustedProxies() = default;
TrustedProxies::TrustedProxies(TrustedProxies&&) noexcept = default;
TrustedProxies& TrustedProxies::operator=(TrustedProxies&&) noexcept = default;

bool TrustedProxies::contains(std::string_view text) const {
  ip::address address;
  if (!parse_address(text, address)) return false;
  if (address.is_v4()) {
    for (const auto& network : networks_->v4) {
      if (covers(network, address.to_v4())) return true;
    }
    return false;
  }
  for (const auto& network : networks_->v6) {
    if (covers(network, address.to_v6())) return true;
  }
  return false;
}

std::string TrustedProxies::client_address(std::string_view peer, const http::FieldBlock& fields) const {
  std::string result(peer);
  if (!contains(peer)) return result;
  const auto hops = forwarded_hops(fields);
  std::size_t looked_at = 0;
  for (auto hop = hops.rbegin(); hop != hops.rend() && looked_at < kMaxHops; ++hop, ++looked_at) {
    ip::address address;
    if (!parse_address(*hop, address)) break;
    result = address.to_string();
    if (!contains(result)) break;
  }
  return result;
}

}  // namespace postern::server
