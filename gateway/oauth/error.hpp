#pragma once

#include <string>

#include "base/result.hpp"
#include "http/message.hpp"

namespace postern::oauth {

// An OAuth error as a value (RFC 6749 sections 4.1.2.1 and 5.2, RFC 7591 section 3.2.2): what the client is told, and
// apart from it what only the log hears.
struct OAuthError {
  int status = 400;         // first, so that a string alone does not make an error
  std::string error;        // "invalid_grant"
  std::string description;  // public: what to do; of the client's own input only redirect URIs that are not allowed
  std::string detail;       // private
};

OAuthError oauth_error(std::string error, std::string description, std::string detail = {}, int status = 400);
// The two that every part of the protocol has use for.
OAuthError invalid_request(std::string description);
OAuthError invalid_grant(std::string description, std::string detail = {});

// JSON, no-store. 401 carries `WWW-Authenticate: Basic` when `basic` (the client tried Basic); 405 an `Allow: POST`;
// 503 and 429 a Retry-After.
http::Response error_response(const OAuthError& error, bool basic = false);

// The store is away or full: 503 with Retry-After, `temporarily_unavailable`.
OAuthError store_error(const Error& error);

}  // namespace postern::oauth
