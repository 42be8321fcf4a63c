#pragma once

#include <string>
#include <string_view>

namespace postern {

// What a limit counts by: of an IPv6 address its /64, since whoever has one address there has all of them (RFC 6177);
// an IPv4 address as it is, also when it is mapped into IPv6. Text that is no address comes back unchanged.
std::string network_of(std::string_view address);

}  // namespace postern
