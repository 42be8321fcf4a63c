#include <algorithm>
#include <array>
#include <chrono>

#include <nlohmann/json.hpp>

#include "base/strings.hpp"
#include "oauth/clients/client_auth.hpp"
#include "oauth/endpoints/endpoints.hpp"
#include "oauth/endpoints/form_post.hpp"
#include "oauth/grants/grant_types.hpp"

namespace postern::oauth {
namespace {

struct GrantType {
  std::string_view name;
  GrantHandler handle;
};

constexpr std::array<GrantType, 3> kGrantTypes{{
    {"authorization_code", redeem_authorization_code},
    {"refresh_token", refresh_access_token},
    {"client_credentials", grant_client_credentials},
}};

Result<TokenReply, OAuthError> grant_tokens(const http::Form& form, const store::Client& client,
                                            const Context& context) {
  const auto asked = form.get("grant_type");
  if (!asked || asked->empty()) return invalid_request("grant_type is missing.");
  const auto type = std::ranges::find(kGrantTypes, *asked, &GrantType::name);
  if (type == kGrantTypes.end()) {
    return oauth_error("unsupported_grant_type",
                       "grant_type must be authorization_code, refresh_token or client_credentials.");
  }
  if (std::ranges::find(client.grant_types, *asked) == client.grant_types.end()) {
    return oauth_error("unauthorized_client", "The client is not registered for this grant type.");
  }
  return type->handle(form, client, context);
}

// RFC 6749 section 5.1. `scope` is always there: clients compute later requests from it. No member is ever null.
http::Response token_response(const TokenReply& reply) {
  nlohmann::ordered_json body;
  body["access_token"] = reply.access;
  body["token_type"] = "Bearer";
  body["expires_in"] = std::chrono::duration_cast<std::chrono::seconds>(reply.lifetime).count();
  if (!reply.refresh.empty()) body["refresh_token"] = reply.refresh;
  body["scope"] = join(reply.scopes, " ");
  auto response = http::json_response(200, body.dump());
  response.headers.set("Pragma", "no-cache");
  return response;
}

}  // namespace

http::Response token(const http::Request& request, const Context& context) {
  const auto form = read_form_post(request);
  if (!form) return refuse("token", request, form.error(), context);
  const auto client = authenticate_client(request, *form, context);
  if (!client) return refuse("token", request, client.error().error, context, client.error().basic);
  const auto reply = grant_tokens(*form, *client, context);
  if (!reply) return refuse("token", request, reply.error(), context);
  return token_response(*reply);
}

}  // namespace postern::oauth
