#pragma once

#include "config/config.hpp"
#include "http/message.hpp"
#include "oauth/foreign_documents.hpp"

namespace postern::server {

// The provider's own metadata, word for word, for clients that look for it beside the resource. A provider that
// publishes none is described from the configuration.
http::Response provider_metadata(const config::AuthorizationServer& server, oauth::ForeignDocuments& documents,
                                 const http::Request& request);

}  // namespace postern::server
