#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace postern::net {

// What an address is when it is not one of the public internet: "loopback", "private", "link-local"; empty for a public
// one. IPv6 forms that stand for an IPv4 address (mapped, NAT64, 6to4) are what that address is. From the IANA special
// purpose registries (RFC 6890 and its successors). Pure.
std::string_view special_kind(const boost::asio::ip::address& address);

// Where requests may go whose URL a stranger chose: public addresses, and what the operator adds. Immutable and
// thread-safe.
class AddressGuard {
 public:
  AddressGuard() = default;
  // Each of `exceptions` is a network in CIDR form or a host name in lower case, checked with the configuration.
  explicit AddressGuard(const std::vector<std::string>& exceptions);

  // Why `host`, which is at `address`, must not be asked, as the end of a sentence; nullopt when it may.
  std::optional<std::string> refusal(std::string_view host, const boost::asio::ip::address& address) const;

 private:
  std::vector<std::string> hosts_;
  std::vector<boost::asio::ip::network_v4> networks4_;
  std::vector<boost::asio::ip::network_v6> networks6_;
};

}  // namespace postern::net
