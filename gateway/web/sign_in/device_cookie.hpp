#pragma once

#include <string>
#include <vector>

#include "http/message.hpp"
#include "idp/device.hpp"
#include "web/pages.hpp"

namespace postern::web {

// The cookie of a browser that has signed in with a password: sealed, one entry for each account, and of these the
// latest few. It signs nobody in. It outlives sessions and signing out, and counts only where a password is tried.

// Empty: none, or none that we made.
std::vector<idp::Device> devices_of(const http::Request& request, const PageContext& context);
// The Set-Cookie value after a sign-in of `user`, whose entry is replaced, in a browser that showed `devices`.
std::string device_cookie(std::vector<idp::Device> devices, const store::User& user, const PageContext& context);

}  // namespace postern::web
