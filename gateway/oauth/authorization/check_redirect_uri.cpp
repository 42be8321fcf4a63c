#include <algorithm>

#include "oauth/authorization/authorization_checks.hpp"
#include "oauth/redirect_uri.hpp"

namespace postern::oauth {
namespace {

bool is_left_out(std::string_view uri, const Context& context) {
  const auto& domains = context.server.registration.redirect_domains;
  return domains && !redirect_domain_allowed(uri, *domains);
}

// The client may well have named this URI: some do not look at what was registered of it. But anybody can make a link
// with another one, so that neither the page nor the log may ask for it to be allowed just like that.
PageError left_out(std::string_view uri, const store::Client& client, const Context& context) {
  const std::string shown = list_redirect_uris({std::string(uri)});
  context.log.info(
      "redirect_uri_not_allowed",
      {{"client", client.id},
       {"name", client.name},
       {"uri", shown},
       {"detail",
        "registration.redirect_domains does not allow it; anybody can make such a link, so add its host or "
        "scheme only if you know that it belongs to this client"}});
  return PageError{
      400, "The address to return to is not allowed",
      "The application asked to be answered at " + shown +
          ", which the operator of this server does not allow. Nothing was sent there. If somebody sent you this "
          "link, close this page. If you came here from the application itself, the operator can allow that "
          "address with registration.redirect_domains; then remove the connection in the application and add it "
          "again."};
}

}  // namespace

// RFC 9700 section 2.1 and OAuth 2.1 section 2.3.3: compared with what was registered before anything is sent there. It
// may be left out only where exactly one is registered. The form rules hold here too, whatever a record may have come
// to hold.
std::optional<PageError> check_redirect_uri(const http::Form& parameters, const Context& context,
                                            AuthorizationRequest& request) {
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
  const bool well_formed = !redirect_uri_fault(uri);
  if (!known && well_formed && is_left_out(uri, context)) return left_out(uri, request.client, context);
  if (!known || !well_formed) {
    return PageError{
        400, "The address to return to is not registered",
        "The application asked to be answered at an address that it did not register. Nothing was sent there. "
        "Remove the connection in the application and add it again."};
  }
  request.redirect_uri = uri;
  return std::nullopt;
}

}  // namespace postern::oauth
