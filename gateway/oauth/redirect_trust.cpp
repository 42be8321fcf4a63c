#include "oauth/redirect_trust.hpp"

#include "oauth/redirect_uri.hpp"

namespace postern::oauth {

// `dynamic` holds for clients that a document describes as well (read_client_metadata()); the id is looked at too, so
// that this does not depend on it.
bool redirects_before_sign_in(const store::Client& client, std::string_view redirect_uri) noexcept {
  const bool registered_itself = client.dynamic || store::is_document_url(client.id);
  return !registered_itself || is_loopback_redirect_uri(redirect_uri);
}

}  // namespace postern::oauth
