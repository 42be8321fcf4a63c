#include "authn/challenge.hpp"

#include "base/strings.hpp"

namespace postern::authn {
namespace {

constexpr int kAccessDeniedCode = -32003;

// RFC 6750 section 3: error_description and scope hold neither quotes nor backslashes nor anything outside ASCII.
std::string quoted_string(std::string_view text) {
  std::string value = "\"";
  for (const char c : text) {
    if (c == '"') {
      value += '\'';
    } else if (c == '\\') {
      value += '/';
    } else {
      value += c < 0x20 || c > 0x7E ? '?' : c;
    }
  }
  return value += '"';
}

}  // namespace

std::string www_authenticate(const Refusal& refusal, const tenant::Resource& resource) {
  // Clients find the parameters only in the first challenge, and only when its scheme is followed by one at once.
  std::string challenge = "Bearer ";
  if (!refusal.challenge_error.empty()) {
    challenge += "error=" + quoted_string(refusal.challenge_error) + ", ";
    challenge += "error_description=" + quoted_string(refusal.description) + ", ";
  }
  challenge += "resource_metadata=" + quoted_string(resource.metadata_url);
  const auto& scopes = refusal.scopes.empty() ? resource.policy->default_scopes() : refusal.scopes;
  if (!scopes.empty()) challenge += ", scope=" + quoted_string(join(scopes, " "));
  return challenge;
}

nlohmann::ordered_json jsonrpc_error(const Refusal& refusal, std::string_view request_id, int code) {
  nlohmann::ordered_json data{{"error", refusal.error}, {"request_id", request_id}};
  // SDKs hand the body to their callers, and keep the header to themselves.
  if (refusal.retry_after > 0) data["retry_after"] = refusal.retry_after;
  return {{"code", code == 0 ? kAccessDeniedCode : code}, {"message", refusal.description}, {"data", std::move(data)}};
}

http::Response refusal_response(const Refusal& refusal, const tenant::Resource* resource, std::string_view request_id,
                                const nlohmann::json* jsonrpc_id, int body_code) {
  nlohmann::ordered_json body;
  if (jsonrpc_id != nullptr) {
    body["jsonrpc"] = "2.0";
    body["id"] = *jsonrpc_id;
    body["error"] = jsonrpc_error(refusal, request_id, body_code);
  } else {
    body["error"] = refusal.error;
    body["error_description"] = refusal.description;
    body["request_id"] = request_id;
  }
  // Descriptions may quote names a client sent: never throw over their bytes.
  auto response =
      http::json_response(refusal.status, body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  if (refusal.challenge && resource != nullptr) {
    response.headers.set("WWW-Authenticate", www_authenticate(refusal, *resource));
  }
  if (refusal.retry_after > 0) response.headers.set("Retry-After", std::to_string(refusal.retry_after));
  return response;
}

}  // namespace postern::authn
