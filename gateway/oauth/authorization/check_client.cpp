#include "oauth/authorization/authorization_checks.hpp"
#include "oauth/clients/find_client.hpp"

namespace postern::oauth {
// RFC 6749 section 4.1.2.1: with a missing or unknown client the person is told and nothing is redirected. Clients lose
// their registration when a server forgets it; most can only be mended by removing and adding the connection.
std::optional<PageError> check_client(const http::Form& parameters, const Context& context,
                                      AuthorizationRequest& request) {
  const auto ids = parameters.get_all("client_id");
  if (ids.size() != 1 || ids.front().empty()) {
    return PageError{
        400, "The request names no application",
        "The application that sent you here must send its client_id, once. Start again from the application."};
  }
  const PageError unknown{
      400, "Unknown application",
      "The application that sent you here is not registered, or no longer. Remove the connection in the "
      "application and add it again, so that it registers anew."};
  auto client = find_client(ids.front(), context);
  const bool on_its_way = context.documents != nullptr && context.documents->wanted();
  if (!client && !on_its_way) {
    const auto& why = client.error();
    context.log.info("client_refused", {{"client", ids.front().substr(0, store::kLongestClientUrl)},
                                        {"error", why.error},
                                        {"detail", why.detail.empty() ? why.description : why.detail}});
  }
  if (!client && client.error().status == 503) {
    return PageError{503, "Please try again", "The server cannot answer just now. Try again in a few seconds."};
  }
  if (!client && store::is_document_url(ids.front())) {
    return PageError{
        400, "The application cannot be identified",
        "The application that sent you here is named by the address of a document. " + client.error().description};
  }
  if (!client) return unknown;
  request.client = *std::move(client);
  return std::nullopt;
}

}  // namespace postern::oauth
