#include "edge/client_address.hpp"

#include <optional>
#include <span>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "base/strings.hpp"
#include "http/header/forwarded.hpp"

namespace postern::edge {

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

// Parses the address in one entry of a field. A zone ("fe80::1%eth0") has a meaning only on the machine that wrote it.
bool parse_hop(const std::optional<std::string>& text, ip::address& out) {
  return text && text->find('%') == std::string::npos && parse_address(*text, out);
}

// The addresses that one field brings, last first, over all its lines.
class Hops {
 public:
  Hops(const http::FieldBlock& fields, config::ClientIpHeader header)
      : fields_(fields.all()), forwarded_(header == config::ClientIpHeader::forwarded) {}

  // False when there is no further entry. `text` is nullopt for an entry without an address.
  bool next(std::optional<std::string>& text) {
    while (!list_) {
      if (fields_.empty()) return false;
      const auto& field = fields_.back();
      fields_ = fields_.first(fields_.size() - 1);
      if (ascii_iequals(field.name, forwarded_ ? "forwarded" : "x-forwarded-for")) list_ = field.value;
    }
    const auto entry = http::take_last_entry(list_);
    const auto node = forwarded_ ? http::forwarded_for(entry) : std::string(entry);
    const auto address = node ? http::node_address(*node) : std::nullopt;
    text.reset();
    if (address) text = std::string(*address);
    return true;
  }

 private:
  std::span<const http::Field> fields_;  // those that were not looked at
  bool forwarded_;
  std::optional<std::string_view> list_;  // what is left of the line that is being read
};

}  // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string>& cidrs, config::ClientIpHeader header)
    : networks_(std::make_unique<Networks>()), header_(header) {
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

ClientAddress TrustedProxies::client_address(std::string_view peer, const http::FieldBlock& fields) const {
  ClientAddress result{std::string(peer)};
  if (!contains(peer)) return result;
  Hops hops(fields, header_);
  std::optional<std::string> text;
  for (std::size_t looked_at = 0; looked_at < kMaxHops && hops.next(text); ++looked_at) {
    ip::address address;
    if (!parse_hop(text, address)) {
      result.unreadable = true;
      break;
    }
    result.address = address.to_string();
    if (!contains(result.address)) break;
  }
  return result;
}

std::string_view TrustedProxies::header() const noexcept {
  return header_ == config::ClientIpHeader::forwarded ? "Forwarded" : "X-Forwarded-For";
}

}  // namespace postern::edge
