#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/strings.hpp"
#include "crypto/jws.hpp"
#include "oauth/clients/client_auth.hpp"
#include "oauth/endpoints/endpoints.hpp"
#include "oauth/endpoints/form_post.hpp"
#include "oauth/standing.hpp"
#include "token/access_jwt.hpp"
#include "token/opaque.hpp"

namespace postern::oauth {
namespace {

using nlohmann::ordered_json;

// A resource server may ask about the tokens that users bring to its own resources, and about no others (RFC 7662
// sections 2.1 and 4).
bool serves(const store::Client& client, const store::Grant& grant, const Context& context) {
  const auto resource = context.catalog.by_canonical(grant.resource);
  return resource && std::ranges::any_of(client.introspects, [&resource](const std::string& name) {
           return name == resource->canonical || name == resource->pattern;
         });
}

// RFC 7662 section 4: who may ask is a matter of policy. Any other client that an operator made may ask about every
// access token of this server; one that registered itself, which anybody can, only about its own.
bool may_know(const store::Client& client, const store::Grant& grant, const Context& context) {
  if (!client.introspects.empty()) return serves(client, grant, context);
  return !client.dynamic || client.id == grant.client;
}

// RFC 7662 section 2.2. `active` means that the resource would take the token now.
Result<std::string> describe(std::string_view value, const store::Client& client, const Context& context) {
  const std::string inactive = R"({"active":false})";
  if (!token::has_access_token_shape(value, context.server.access_token.prefix, context.signs_tokens()))
    return inactive;
  if (crypto::has_jws_shape(value)) {
    const auto genuine = token::check_access_jwt(value, {context.server.issuer, context.server.key_ring}, context.keys,
                                                 context.clock.now());
    if (!genuine && genuine.error().code != Errc::denied && genuine.error().code != Errc::expired)
      return genuine.error();
    if (!genuine) return inactive;
  }
  const auto found = context.store.grants().find_access(token::token_hash(value));
  if (!found) return found.error();
  if (!*found || !may_know(client, (*found)->grant, context)) return inactive;
  const auto& [access, grant, user] = **found;
  if (access.expires_at <= context.clock.now()) return inactive;
  const auto standing = standing_of(grant, context);
  if (!standing && standing.error().code == Errc::denied) return inactive;
  if (!standing) return standing.error();

  ordered_json active{{"active", true}};
  active["scope"] = join(access.scopes, " ");
  if (!grant.client.empty()) active["client_id"] = grant.client;
  active["username"] = user.name;
  active["token_type"] = "Bearer";
  active["exp"] = to_seconds(access.expires_at);
  active["iat"] = to_seconds(access.created_at);
  active["sub"] = grant.user;
  active["aud"] = standing->resource->url;
  active["iss"] = context.server.issuer;
  active["tenant"] = grant.tenant;
  return active.dump();
}

}  // namespace

http::Response introspect(const http::Request& request, const Context& context) {
  const auto form = read_form_post(request);
  if (!form) return refuse("introspect", request, form.error(), context);
  const auto client = authenticate_client(request, *form, context);
  if (!client) return refuse("introspect", request, client.error().error, context, client.error().basic);
  // RFC 7662 section 2.1: the endpoint must not answer whoever merely names a client.
  if (client->auth == store::ClientAuth::none) {
    return refuse("introspect", request,
                  oauth_error("invalid_client", "Introspection is for clients with a secret or keys.", {}, 401),
                  context, true);
  }
  const auto value = form->get("token");
  if (!value || value->empty()) return refuse("introspect", request, invalid_request("token is missing."), context);
  const auto answer = describe(*value, *client, context);
  if (!answer) return refuse("introspect", request, store_error(answer.error()), context);
  return http::json_response(200, *answer);
}

}  // namespace postern::oauth
