#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// What a limit counts by: of an IPv6 address its /64, since whoever has one address there has all of them (RFC 6177);
// an IPv4 address as it is, also when it is mapped into IPv6. Text that is no address comes back unchanged.
std::string network_of(std::string_view address);

// The networks that an address is in, widest first, the last as of network_of(). For shares, because a client that has
// one of the narrow ones may have many. IPv6: the /32 that a provider gets, the /48 that a site gets, the /64. IPv4:
// the /24 and the address. Text that is no address is a network of its own.
std::vector<std::string> networks_of(std::string_view address);

// The IPv4 address that packets to this IPv6 address end at, both in network order: mapped (RFC 4291 section 2.5.5.2),
// behind NAT64 (RFC 6052 section 2.1) or 6to4 (RFC 3056 section 2).
std::optional<std::array<std::uint8_t, 4>> ipv4_inside(const std::array<std::uint8_t, 16>& address) noexcept;

}  // namespace postern
