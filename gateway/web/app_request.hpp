#pragma once

#include <optional>
#include <string>

#include "oauth/authorization.hpp"
#include "web/pages.hpp"
#include "web/views.hpp"

namespace postern::web {

// The app's authorization request that a sign-in is for, if `continue_to`, an own path, leads to one and it is good: it
// is checked like any other. Blocks on the store; a document that is not at hand is noted as wanted where the context
// takes that (oauth/foreign_documents.hpp).
std::optional<oauth::AuthorizationRequest> app_request(const std::string& continue_to, const oauth::Context& context);

// The Location that tells the app that asked: `access_denied`, with its state.
std::string way_to_app(const oauth::AuthorizationRequest& asked, const oauth::Context& context);

// From a page where a sign-in ended: to try once more, and to the app that asked, if one did. Its redirect URI is
// checked anew.
WaysOn ways_on(const std::string& continue_to, const oauth::Context& context);

}  // namespace postern::web
