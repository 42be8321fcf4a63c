#pragma once

#include <optional>
#include <string>

#include <boost/asio/ip/address.hpp>

namespace postern::net {

// The address when `host` is one written out, IPv6 with or without brackets; nullopt for a name.
inline std::optional<boost::asio::ip::address> address_literal(const std::string& host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  boost::system::error_code error;
  auto address = boost::asio::ip::make_address(bracketed ? host.substr(1, host.size() - 2) : host, error);
  if (error) return std::nullopt;
  return address;
}

}  // namespace postern::net
