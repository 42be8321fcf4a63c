#pragma once

#include <string>

#include "app/commands/doctor/walk.hpp"

namespace postern::app::doctor {

// The checks of the authorization server's metadata (RFC 8414) and of what it names.
Finding check_server_metadata(Walk& walk);
Finding check_issuer(Walk& walk);
Finding check_endpoints(Walk& walk);
Finding check_pkce(Walk& walk);
Finding check_authorization_endpoint(Walk& walk);
Finding check_token_endpoint(Walk& walk);
Finding check_openid(Walk& walk);
Finding check_probes(Walk& walk);

// Pure: what the document calls itself against the URL that led to it.
Finding judge_issuer(const std::string& published, const std::string& followed);
// Pure: one endpoint of the document, as the client of that issuer sees it.
Finding judge_endpoint(const char* member, const std::string& endpoint, const http::Url& issuer);
// Whether that is good enough to send a request there: a stranger's document must not choose what inside the network of
// whoever asks gets one.
bool may_be_asked(const Walk& walk, const char* member, const std::string& endpoint);

}  // namespace postern::app::doctor
