#pragma once

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

}  // namespace postern
