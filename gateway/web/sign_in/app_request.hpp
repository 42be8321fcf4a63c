#pragma once

#include <optional>
#include <string>

#include "oauth/authorization/authorization.hpp"
#include "tenant/catalog.hpp"
#include "web/pages.hpp"
#include "web/views.hpp"

namespace postern::web {

// The app's authorization request that a sign-in is for.
struct AppRequest {
  oauth::AuthorizationRequest asked;  // of one at fault only what was read before; its client and redirect URI are good
  std::string error;                  // what the app will be told as soon as somebody is signed in; empty: no fault
  tenant::ServerPtr server;           // that is asked, which may be another one of this origin
};

// nullopt unless `continue_to`, an own path, leads to one whose client and redirect URI are good: it is checked like
// any other. Blocks on the store; a document that is not at hand is noted as wanted where the context takes that
// (oauth/foreign_documents.hpp).
std::optional<AppRequest> app_request(const std::string& continue_to, const oauth::Context& context);

// The Location that tells the app that asked: `access_denied`, with its state.
std::string way_to_app(const AppRequest& request, const oauth::Context& context);

// From a page where a sign-in ended: to try once more, and to the app that asked, if one did and its request is not at
// fault. Its redirect URI is checked anew, and the page says where it leads, because its reader is not signed in
// (RFC 9700 section 4.11.2).
WaysOn ways_on(const std::string& continue_to, const oauth::Context& context);

}  // namespace postern::web
