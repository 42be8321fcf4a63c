#pragma once

#include <string_view>

#include "store/records.hpp"

namespace postern::oauth {

// RFC 9700 section 4.11.2: whether a browser may be sent to this redirect URI before anybody has signed in with it.
// Anybody can register a client and then hand out links to this server that end at that client's page. So it may only
// where an operator added the client, or where the URI leads nowhere but to the user's own machine (a loopback URI,
// RFC 8252 section 7.3). Private-use schemes (section 7.1) do not qualify: nothing proves who owns one, a browser asks
// in this server's name whether to open the app, or was told not to ask again, and websites can claim `web+` schemes.
// The URI must have been checked against the client. Pure.
bool redirects_before_sign_in(const store::Client& client, std::string_view redirect_uri) noexcept;

}  // namespace postern::oauth
