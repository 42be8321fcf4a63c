#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/config.hpp"
#include "oauth/error.hpp"
#include "store/records.hpp"

namespace postern::oauth {

// OAuth Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document): a client whose id is the https://
// URL of a JSON document about it. Nothing here fetches. Pure.

// Why a client_id that begins with https:// cannot name a document, as a sentence; nullopt when it can: a path, in the
// one canonical spelling, no fragment, user information or dot segment.
std::optional<std::string> document_url_fault(std::string_view client_id);

// Whether this server fetches the document at all: switched on, and of a domain that the operator trusts.
bool documents_trusted_from(std::string_view client_id, const config::Registration& registration);

// The client that the document describes. Refused with invalid_client and a sentence for whoever publishes it: what is
// no JSON object, names another client_id (compared byte by byte), lacks client_name or redirect_uris, holds a secret,
// or names only ways to authenticate that are not taken here. One that offers
// `none` beside `private_key_jwt` is public and has keys: it may do either.
Result<store::Client, OAuthError> read_client_document(std::string_view text, std::string_view url,
                                                       const config::Registration& registration);

}  // namespace postern::oauth
