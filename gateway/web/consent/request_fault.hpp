#pragma once

#include <string>

#include "http/message.hpp"
#include "oauth/authorization/authorization.hpp"
#include "web/pages.hpp"

namespace postern::web {

// The answer to an authorization request that is at fault, though its client and redirect URI are good. The app hears
// of it by a redirect (RFC 6749 section 4.1.2.1), at once where oauth::redirects_before_sign_in() allows that, else
// only while somebody is signed in with this browser. Everybody else gets a page with status 400 that names the error,
// the app and where it would be told, and leads to signing in. `own_request` is the path and query of this request:
// where signing in comes back to. Blocks on the store.
http::Response answer_fault(const oauth::RedirectError& fault, const std::string& own_request,
                            const http::Request& request, const PageContext& context);

}  // namespace postern::web
