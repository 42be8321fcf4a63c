#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "http/message.hpp"
#include "tenant/catalog.hpp"

namespace postern::authn {

// A refusal on a resource.
struct Refusal {
  int status = 401;
  std::string error{};            // of the body: "missing_bearer_token"
  std::string description{};      // a sentence that says what to do
  std::string challenge_error{};  // of WWW-Authenticate: "", "invalid_token", "insufficient_scope", "invalid_request"
  bool challenge = true;          // false: no WWW-Authenticate
  std::vector<std::string> scopes{};  // of the challenge; empty: the resource's default ones
  int retry_after = 0;                // seconds; 0: no Retry-After
  bool denial = false;                // by the policy, of one call: neither another token nor another scope would help
};

// RFC 6750 section 3 and RFC 9728 section 5.1: one Bearer challenge, `resource_metadata` absolute, quoted values with
// everything outside printable ASCII, quotes and backslashes made harmless.
std::string www_authenticate(const Refusal& refusal, const tenant::Resource& resource);

// The `error` member of a JSON-RPC error: code -32003 (`code` other than 0 takes its place: -32020, -32600 …), the
// sentence, and `data` with `error`, `request_id` and, as in the header, `retry_after`.
nlohmann::ordered_json jsonrpc_error(const Refusal& refusal, std::string_view request_id, int code = 0);

// The whole answer, never stored by caches. Without `resource` there is no challenge. `jsonrpc_id`: of the request's
// message where it is known; the body then is a JSON-RPC error, with `body_code` as jsonrpc_error() takes it, and
// otherwise {"error", "error_description", "request_id"}.
http::Response refusal_response(const Refusal& refusal, const tenant::Resource* resource, std::string_view request_id,
                                const nlohmann::json* jsonrpc_id, int body_code = 0);

}  // namespace postern::authn
