#pragma once

#include <optional>
#include <string_view>

namespace postern::http {

// host[:port] of a Host field or a URL, split but not changed. Views into what was split.
struct Authority {
  std::string_view host;  // a name, an IPv4 address, or an IPv6 address in brackets
  std::string_view port;  // 1 to 65535 without leading zeros; empty when absent
};

// RFC 3986 section 3.2, narrowed to what names a server: labels of letters, digits, "-" and "_", none of them empty;
// plain IPv4 and IPv6 addresses without zone. No user information, no percent encoding, no empty port, and no name
// that a browser would read as an IPv4 address ("127.1", "0x7f000001"). nullopt for everything else.
std::optional<Authority> split_authority(std::string_view text) noexcept;

// RFC 3986 section 3.2.3, narrowed to what every parser reads alike: 1 to 65535 without leading zeros.
bool is_port(std::string_view text) noexcept;

// Dotted decimal, four numbers without leading zeros.
bool is_ipv4(std::string_view host) noexcept;

}  // namespace postern::http
