#pragma once

#include <string>

#include "http/message.hpp"
#include "oauth/authorization/authorization.hpp"
#include "web/browser.hpp"
#include "web/pages.hpp"

namespace postern::web {

// The consent page for a checked request, or a 403 page when this account may not use the resource. `own_request` is
// the path and query of this authorization request: where a change of account comes back to.
http::Response show_consent(oauth::AuthorizationRequest asked, const Session& session, const std::string& own_request,
                            const http::Request& request, const PageContext& context);

// The answer to a consent page: the redirect to the client, with a code or an error. Never a grant to anybody but the
// user whom the page was shown to. What is not of this browser, or cannot be trusted any more, gets a page that says
// so.
http::Response decide(const http::Request& request, const PageContext& context);

}  // namespace postern::web
