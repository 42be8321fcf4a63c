#include "oauth/error.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace postern::oauth {

OAuthError oauth_error(std::string error, std::string description, std::string detail, int status) {
  return OAuthError{status, std::move(error), std::move(description), std::move(detail)};
}

OAuthError invalid_request(std::string description) { return oauth_error("invalid_request", std::move(description)); }

OAuthError invalid_grant(std::string description, std::string detail) {
  return oauth_error("invalid_grant", std::move(description), std::move(detail));
}

http::Response error_response(const OAuthError& error, bool basic) {
  nlohmann::ordered_json body;
  body["error"] = error.error;
  if (!error.description.empty()) body["error_description"] = error.description;
  auto response = http::json_response(error.status, body.dump());
  response.headers.set("Pragma", "no-cache");
  // RFC 6749 section 5.2: the challenge names the scheme the client used.
  if (error.status == 401 && basic) response.headers.set("WWW-Authenticate", "Basic realm=\"token\"");
  if (error.status == 405) response.headers.set("Allow", "POST");
  if (error.status == 503 || error.status == 429) response.headers.set("Retry-After", "5");
  return response;
}

OAuthError store_error(const Error& error) {
  return oauth_error("temporarily_unavailable", "The server cannot answer just now: try again in a few seconds.",
                     std::string(to_string(error.code)) + ": " + error.what, 503);
}

}  // namespace postern::oauth
