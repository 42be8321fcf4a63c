#include <nlohmann/json.hpp>

#include "base/network.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "http/header/media_type.hpp"
#include "mcp/jsonrpc.hpp"
#include "oauth/clients/client_document.hpp"
#include "oauth/clients/client_metadata.hpp"
#include "oauth/endpoints/endpoints.hpp"
#include "oauth/endpoints/form_post.hpp"
#include "oauth/redirect_uri.hpp"

namespace postern::oauth {
namespace {

constexpr std::size_t kLongestMetadata = 64 * 1024;
constexpr mcp::JsonLimits kLimits{.depth = 16, .nodes = 5'000};

OAuthError bad_metadata(std::string description, int status = 400) {
  return oauth_error("invalid_client_metadata", std::move(description), {}, status);
}

// RFC 7591 section 3.1: a POST of JSON, and of nothing else.
Result<nlohmann::json, OAuthError> read_document(const http::Request& request) {
  if (request.method != "POST") return oauth_error("invalid_request", "Use POST.", {}, 405);
  if (request.header_count("Content-Type") != 1 ||
      !http::is_media_type(*request.header("Content-Type"), "application/json")) {
    return bad_metadata("Content-Type must be application/json.", 415);
  }
  if (request.body.size() > kLongestMetadata) return bad_metadata("The client's metadata is too long.", 413);
  auto document = mcp::parse_json(request.body, kLimits);
  if (!document) return bad_metadata("The client's metadata is not valid JSON, or has a member twice.");
  // Spelled out, because JSON converts to anything.
  return {boost::system::in_place_value, *std::move(document)};
}

// RFC 7591 section 3.2.1: what was registered, which may be less than what was asked for. No member is null or empty.
nlohmann::ordered_json describe(const store::Client& client) {
  nlohmann::ordered_json body;
  body["client_id"] = client.id;
  body["client_id_issued_at"] = to_seconds(client.created_at);
  body["client_name"] = client.name;
  body["redirect_uris"] = client.redirect_uris;
  body["grant_types"] = client.grant_types;
  body["response_types"] = {"code"};
  body["token_endpoint_auth_method"] = auth_method_name(client.auth);
  body["application_type"] = client.application_type;
  if (!client.client_uri.empty()) body["client_uri"] = client.client_uri;
  if (!client.scope.empty()) body["scope"] = client.scope;
  if (!client.jwks.empty()) body["jwks"] = nlohmann::ordered_json::parse(client.jwks);
  if (!client.jwks_uri.empty()) body["jwks_uri"] = client.jwks_uri;
  return body;
}

// A client that goes on to use one of these meets an error page, and only the operator can do something about it.
void tell_left_out(const store::Client& client, const std::vector<std::string>& left_out, const http::Request& request,
                   const Context& context) {
  if (left_out.empty()) return;
  const std::string uris = list_redirect_uris(left_out);
  context.log.warning("redirect_uris_left_out",
                      {{"client", client.id},
                       {"name", client.name},
                       {"uris", uris},
                       {"detail", "registration.redirect_domains does not allow them: add their hosts or schemes"},
                       {"request_id", request.request_id}});
}

// Anybody can register without end: past the budget of these lines only the metrics tell.
void tell_registered(const store::Registered& registered, const std::string& new_id, const http::Request& request,
                     const Context& context) {
  if (context.metrics != nullptr && registered.gave_way > 0) context.metrics->clients_evicted(registered.gave_way);
  if (!context.log.admits(telemetry::StrangerLine::registration)) return;
  const auto& client = registered.client;
  context.log.audit("client_registered", {{"client", client.id},
                                          {"name", client.name},
                                          {"redirect_uri", client.redirect_uris.front()},
                                          {"new", client.id == new_id},
                                          {"gave_way", registered.gave_way},
                                          {"peer", request.peer},
                                          {"request_id", request.request_id}});
}

}  // namespace

http::Response register_client(const http::Request& request, const Context& context) {
  if (!context.server.registration.open) {
    return refuse(
        "register", request,
        oauth_error("access_denied", "Registration is closed here: ask the operator for a client_id.", {}, 403),
        context);
  }
  const auto document = read_document(request);
  if (!document) return refuse("register", request, document.error(), context);
  auto metadata = read_client_metadata(*document, context.server.registration);
  if (!metadata) return refuse("register", request, metadata.error(), context);
  store::Client* const client = &metadata->client;

  if (!client->jwks_uri.empty() && !documents_trusted_from(client->jwks_uri, context.server.registration)) {
    if (client->auth == store::ClientAuth::private_key_jwt) {
      return refuse("register", request,
                    bad_metadata("jwks_uri is not fetched here, or not from this domain: register the keys as jwks."),
                    context);
    }
    client->jwks_uri.clear();
  }
  std::string secret;
  client->id = crypto::random_id("client");
  client->issuer = context.server.issuer;
  client->created_at = context.clock.now();
  if (client->auth == store::ClientAuth::none || client->auth == store::ClientAuth::private_key_jwt) {
    client->fingerprint = client_fingerprint(*client);
  } else {
    secret = crypto::random_token(32);
    client->secret_hash = crypto::sha256_string(secret);
  }
  const auto registered =
      context.store.clients().register_client({*client, networks_of(request.peer), context.most_unused_clients});
  if (!registered) return refuse("register", request, store_error(registered.error()), context);
  tell_registered(*registered, client->id, request, context);
  tell_left_out(registered->client, metadata->left_out, request, context);

  auto body = describe(registered->client);
  if (!secret.empty()) {
    body["client_secret"] = secret;
    body["client_secret_expires_at"] = 0;
  }
  return http::json_response(201, body.dump());
}

}  // namespace postern::oauth
