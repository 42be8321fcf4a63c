#include "oauth/clients/find_client.hpp"

#include <utility>

#include "oauth/clients/client_document.hpp"
#include "oauth/clients/known_client.hpp"

namespace postern::oauth {
namespace {

OAuthError unknown_client(std::string detail) {
  return oauth_error("invalid_client", "The client is unknown: register again.", std::move(detail), 401);
}

// One text for all that can go wrong on the way: a stranger chose where it leads, and is not told what is there.
OAuthError not_fetched(const Error& error) {
  if (error.code == Errc::busy || error.code == Errc::cancelled || error.code == Errc::internal) {
    return store_error(error);
  }
  return oauth_error("invalid_client",
                     "The document at client_id could not be fetched: it must be public, answer with 200 and "
                     "application/json without a redirect, and have 5 KiB at most.",
                     error.what, 401);
}

Result<store::Client, OAuthError> described_client(std::string_view id, const Context& context) {
  const auto& registration = context.server.registration;
  if (!registration.metadata_documents) {
    return oauth_error("invalid_client",
                       "The operator of this server does not take clients that a document describes: register.", {},
                       401);
  }
  if (auto fault = document_url_fault(id)) return oauth_error("invalid_client", *std::move(fault), {}, 401);
  if (!documents_trusted_from(id, registration)) {
    return oauth_error("invalid_client", "The operator of this server does not take clients from this domain.", {},
                       401);
  }
  if (context.documents == nullptr) return store_error(fail(Errc::internal, "nothing is fetched here"));
  const auto text = context.documents->get({DocumentKind::client, std::string(id)});
  if (context.documents->wanted()) return store_error(text.error());
  if (!text) return not_fetched(text.error());
  return read_client_document(**text, id, registration);
}

}  // namespace

Result<store::Client, OAuthError> find_client(std::string_view id, const Context& context) {
  if (store::is_document_url(id)) return described_client(id, context);
  auto client = known_client(id, context);
  if (!client) return store_error(client.error());
  if (!*client) return unknown_client("unknown client");
  return std::move(**client);
}

}  // namespace postern::oauth
