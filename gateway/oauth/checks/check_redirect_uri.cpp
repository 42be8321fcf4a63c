#include <algorithm>

#include "oauth/checks/authorization_checks.hpp"
#include "oauth/redirect_uri.hpp"

namespace postern::oauth {

// RFC 9700 section 2.1 and OAuth 2.1 section 2.3.3: compared with what was registered before anything is sent there. It
// may be left out only where exactly one is registered. The form rules hold here too, whatever a record may have come
// to hold.
std::optional<PageError> check_redirect_uri(const http::Form& parameters, AuthorizationRequest& request) {
  const auto& registered = request.client.redirect_uris;
  const auto asked = parameters.get_all("redirect_uri");
  if (asked.size() > 1) {
    return PageError{400, "The request cannot be answered",
                     "The application sent more than one redirect_uri. Nothing was sent to any of them."};
  }
  if (asked.empty() && registered.size() != 1) {
    return PageError{400, "The request cannot be answered",
                     "The application must say with redirect_uri which of its registered addresses to return to."};
  }
  const std::string_view uri = asked.empty() ? std::string_view(registered.front()) : asked.front();
  const bool known =
      std::ranges::any_of(registered, [uri](const std::string& one) { return redirect_uri_matches(one, uri); });
  if (!known || redirect_uri_fault(uri)) {
    return PageError{
        400, "The address to return to is not registered",
        "The application asked to be answered at an address that it did not register. Nothing was sent there. "
        "Remove the connection in the application and add it again."};
  }
  request.redirect_uri = uri;
  return std::nullopt;
}

}  // namespace postern::oauth
