#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "crypto/jwk.hpp"
#include "oauth/endpoints/endpoints.hpp"

namespace postern::oauth {
namespace {

using nlohmann::ordered_json;

// RFC 8414 section 2. Every endpoint in it is served, and no member is null or an empty list: some clients refuse
// those.
ordered_json describe(const Context& context) {
  const config::AuthorizationServer& server = context.server;
  const std::string origin = context.issuer_origin();
  const auto proven = {"client_secret_basic", "client_secret_post", "private_key_jwt"};
  const auto any = {"none", "client_secret_basic", "client_secret_post", "private_key_jwt"};
  auto algorithms = ordered_json::array();
  for (const auto algorithm : crypto::kEveryJwsAlgorithm) algorithms.push_back(crypto::to_string(algorithm));

  ordered_json document;
  document["issuer"] = server.issuer;
  document["authorization_endpoint"] = origin + server.endpoints.authorize;
  document["token_endpoint"] = origin + server.endpoints.token;
  if (server.registration.open) document["registration_endpoint"] = origin + server.endpoints.register_;
  document["revocation_endpoint"] = origin + server.endpoints.revoke;
  document["introspection_endpoint"] = origin + server.endpoints.introspect;
  if (context.signs_tokens()) document["jwks_uri"] = origin + server.endpoints.jwks;
  if (auto scopes = context.catalog.scopes_of(server); !scopes.empty())
    document["scopes_supported"] = std::move(scopes);
  document["response_types_supported"] = {"code"};
  document["response_modes_supported"] = {"query"};
  document["grant_types_supported"] = {"authorization_code", "refresh_token", "client_credentials"};
  document["token_endpoint_auth_methods_supported"] = any;
  document["token_endpoint_auth_signing_alg_values_supported"] = algorithms;
  document["revocation_endpoint_auth_methods_supported"] = any;
  document["revocation_endpoint_auth_signing_alg_values_supported"] = algorithms;
  document["introspection_endpoint_auth_methods_supported"] = proven;
  document["introspection_endpoint_auth_signing_alg_values_supported"] = algorithms;
  document["code_challenge_methods_supported"] = {"S256"};
  // draft-ietf-oauth-client-id-metadata-document section 5.
  if (server.registration.metadata_documents) document["client_id_metadata_document_supported"] = true;
  // RFC 9207 section 3.
  document["authorization_response_iss_parameter_supported"] = true;
  return document;
}

// OpenID Connect Discovery 1.0 section 3 wants RS256 in the list. go-oidc and others accept access tokens only with the
// algorithms listed, so ours must be there too: ES256 unless the operator chose another.
std::vector<std::string> token_algorithms(const Context& context) {
  std::vector<std::string> algorithms = {"RS256", "ES256"};
  const std::string& own = context.server.access_token.algorithm;
  if (context.signs_tokens() && std::ranges::find(algorithms, own) == algorithms.end()) algorithms.push_back(own);
  return algorithms;
}

http::Response published(const ordered_json& document) {
  return http::json_response(200, document.dump(), "public, max-age=60");
}

}  // namespace

http::Response server_metadata(const http::Request&, const Context& context) { return published(describe(context)); }

http::Response openid_configuration(const http::Request&, const Context& context) {
  auto document = describe(context);
  if (!context.signs_tokens()) {
    const std::string origin = context.issuer_origin();
    document["jwks_uri"] = origin + std::string(kNoKeysPath) + context.server.issuer.substr(origin.size());
  }
  document["subject_types_supported"] = {"public"};
  document["id_token_signing_alg_values_supported"] = token_algorithms(context);
  return published(document);
}

}  // namespace postern::oauth
