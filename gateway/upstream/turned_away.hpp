#pragma once

#include <string>
#include <string_view>

namespace postern::upstream {

// What a server behind answers when the gateway's own settings do not suit it: it redirects, wants credentials, does
// not know the host or the path. The texts are for the operator of the gateway. Pure.

// The server speaks to the gateway and not to its client, so the answer must not be passed on: redirects (RFC 9110
// section 15.4), 401, 403, 407, and 421, which would tell the client that the gateway's address is wrong.
bool turns_gateway_away(int status) noexcept;

// A Location that can be shown: origin and path, without user information, query and fragment, which may hold secrets.
// At most 200 bytes of printable ASCII; empty when there is none or it cannot be read.
std::string shown_location(std::string_view location);

// What to do about an answer with this status, naming the key of the configuration. `location`: as shown_location()
// made it. `upstream`: the name in the configuration, or "*".
std::string advice_on(int status, std::string_view location, std::string_view upstream);

}  // namespace postern::upstream
