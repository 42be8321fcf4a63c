#include "server/provider_metadata.hpp"

#include <nlohmann/json.hpp>

#include "edge/error_body.hpp"
#include "idp/provider_metadata.hpp"

namespace postern::server {
namespace {

constexpr auto* kCache = "public, max-age=60";

// RFC 8414 section 2, as far as the operator said it.
std::string as_configured(const config::External& external) {
  nlohmann::ordered_json document;
  document["issuer"] = external.issuer;
  document["token_endpoint"] = external.token_endpoint;
  document["jwks_uri"] = external.jwks_uri;
  return document.dump();
}

}  // namespace

http::Response provider_metadata(const config::AuthorizationServer& server, oauth::ForeignDocuments& documents,
                                 const http::Request& request) {
  const auto& external = *server.external;
  const auto text = documents.get({oauth::DocumentKind::provider_metadata, idp::metadata_url(external)});
  const bool good = text && idp::read_provider_metadata(**text, external.issuer);
  if (good) return http::json_response(200, **text, kCache);
  const bool published = text || text.error().code != Errc::protocol;
  if (!published && !external.token_endpoint.empty() && !external.jwks_uri.empty()) {
    return http::json_response(200, as_configured(external), kCache);
  }
  auto response = edge::error_response(
      text ? 502 : 503, "temporarily_unavailable",
      "the authorization server's metadata cannot be had right now; try again in a moment", request.request_id);
  response.headers.set("Retry-After", "5");
  return response;
}

}  // namespace postern::server
