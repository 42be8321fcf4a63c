#include "idp/authorization.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "http/form.hpp"

namespace postern::idp {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr JsonLimits kLimits{.depth = 16, .nodes = 10'000};
constexpr std::size_t kLongestError = 64;

}  // namespace

SignInAtProvider begin_sign_in(std::string provider) {
  SignInAtProvider sign_in;
  sign_in.provider = std::move(provider);
  sign_in.nonce = crypto::random_token();
  sign_in.verifier = crypto::random_token();
  return sign_in;
}

std::string authorization_url(const ProviderMetadata& metadata, const config::Provider& provider,
                              std::string_view callback, const SignInAtProvider& sign_in, std::string_view state,
                              bool again) {
  Pairs parameters{{"response_type", "code"},
                   {"client_id", provider.client_id},
                   {"redirect_uri", std::string(callback)},
                   {"scope", join(provider.scopes, " ")},
                   {"state", std::string(state)},
                   {"nonce", sign_in.nonce},
                   {"code_challenge", base64url_encode(crypto::sha256_string(sign_in.verifier))},
                   {"code_challenge_method", "S256"}};
  if (provider.send_resource && !sign_in.resource.empty()) parameters.emplace_back("resource", sign_in.resource);
  if (again) parameters.emplace_back("prompt", "login");
  const bool has_query = metadata.authorization_endpoint.find('?') != std::string::npos;
  return metadata.authorization_endpoint + (has_query ? "&" : "?") + http::encode_form(parameters);
}

CodeRequest code_request(const config::Provider& provider, std::string_view callback, const SignInAtProvider& sign_in,
                         std::string_view code) {
  using Authentication = config::Provider::Authentication;
  Pairs parameters{{"grant_type", "authorization_code"},
                   {"code", std::string(code)},
                   {"redirect_uri", std::string(callback)},
                   {"code_verifier", sign_in.verifier}};
  if (provider.send_resource && !sign_in.resource.empty()) parameters.emplace_back("resource", sign_in.resource);
  CodeRequest request;
  const std::string secret(provider.client_secret.reveal());
  if (provider.authentication == Authentication::basic) {
    // RFC 6749 section 2.3.1: both are encoded as in a form first.
    request.authorization =
        "Basic " + base64_encode(http::percent_encode(provider.client_id) + ":" + http::percent_encode(secret));
  } else {
    parameters.emplace_back("client_id", provider.client_id);
    if (provider.authentication == Authentication::post) parameters.emplace_back("client_secret", secret);
  }
  request.form = http::encode_form(parameters);
  return request;
}

std::string error_code(std::string_view error) {
  const bool plain = std::ranges::all_of(error, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return error.empty() || error.size() > kLongestError || !plain ? "an error of its own" : std::string(error);
}

Result<std::string> id_token_of(std::string_view answer) {
  const auto document = read_json(answer, kLimits);
  if (!document || !document->is_object()) return fail(Errc::denied, "the token endpoint's answer is no JSON object");
  if (const auto error = document->find("error"); error != document->end()) {
    const auto code = error->is_string() ? error_code(error->get_ref<const std::string&>()) : error_code("");
    return fail(Errc::denied, "the token endpoint says " + code);
  }
  const auto token = document->find("id_token");
  if (token == document->end() || !token->is_string()) {
    return fail(Errc::denied, "the token endpoint gave no id_token: is `openid` among the `scopes`?");
  }
  return token->get<std::string>();
}

}  // namespace postern::idp
