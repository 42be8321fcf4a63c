#include "web/sign_in/sign_in_state.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "web/display.hpp"
#include "web/response.hpp"

namespace postern::web {
namespace {

using nlohmann::json;

constexpr std::string_view kStatePurpose = "postern sign-in state 1";
constexpr std::size_t kCookieDigits = 12;

std::string cookie_purpose(std::string_view state) { return "postern sign-in 1 " + std::string(state); }

std::optional<json> open(std::string_view sealed, std::string_view purpose, const crypto::Aead& seal) {
  const auto bytes = base64url_decode(sealed);
  const auto opened = bytes ? seal.open(*bytes, purpose) : std::nullopt;
  // What opens was written here.
  return opened ? std::optional(json::parse(*opened)) : std::nullopt;
}

}  // namespace

std::string make_state(std::string_view provider, const oauth::Context& context) {
  const json document = {{"id", crypto::random_token(16)},
                         {"provider", provider},
                         {"origin", context.issuer_origin()},
                         {"expires_at", to_millis(context.clock.now() + kSignInLifetime)}};
  return base64url_encode(context.seal.seal(document.dump(), kStatePurpose));
}

std::optional<SignInState> open_state(std::string_view state, const crypto::Aead& seal) {
  const auto document = open(state, kStatePurpose, seal);
  if (!document) return std::nullopt;
  SignInState opened;
  document->at("origin").get_to(opened.origin);
  document->at("provider").get_to(opened.provider);
  opened.expires_at = from_millis(document->at("expires_at").get<std::int64_t>());
  return opened;
}

std::string state_cookie(std::string_view state) {
  return std::string(kStateCookie) + base64url_encode(crypto::sha256_string(state)).substr(0, kCookieDigits);
}

std::string seal_sign_in(const idp::SignInAtProvider& sign_in, std::string_view state, const oauth::Context& context) {
  const json document = {{"provider", sign_in.provider},
                         {"nonce", sign_in.nonce},
                         {"verifier", sign_in.verifier},
                         {"continue", sign_in.continue_to},
                         {"resource", sign_in.resource}};
  return base64url_encode(context.seal.seal(document.dump(), cookie_purpose(state)));
}

std::optional<idp::SignInAtProvider> open_sign_in(std::string_view sealed, std::string_view state,
                                                  const oauth::Context& context) {
  const auto document = open(sealed, cookie_purpose(state), context.seal);
  if (!document) return std::nullopt;
  idp::SignInAtProvider sign_in;
  document->at("provider").get_to(sign_in.provider);
  document->at("nonce").get_to(sign_in.nonce);
  document->at("verifier").get_to(sign_in.verifier);
  document->at("continue").get_to(sign_in.continue_to);
  document->at("resource").get_to(sign_in.resource);
  return sign_in;
}

const config::Provider* find_provider(std::string_view name, const PageContext& context) {
  if (context.identity == nullptr) return nullptr;
  const auto& providers = context.identity->providers;
  const auto found = std::ranges::find(providers, name, &config::Provider::name);
  return found == providers.end() ? nullptr : &*found;
}

Result<idp::ProviderMetadata> metadata_of(const config::Provider& provider, const oauth::Context& context) {
  if (context.documents == nullptr) return fail(Errc::internal, "nothing is fetched here");
  const auto url = provider.discovery.empty() ? idp::discovery_url(provider.issuer) : provider.discovery;
  const auto text = context.documents->get({oauth::DocumentKind::provider_metadata, url});
  if (!text) return text.error();
  return idp::read_provider_metadata(**text, provider.issuer);
}

http::Response provider_away(const config::Provider& provider, const std::string& what, const http::Request& request,
                             const PageContext& context, const WaysOn& ways) {
  // Only noted as wanted: this answer is none.
  if (context.oauth.documents == nullptr || !context.oauth.documents->wanted()) {
    context.oauth.log.warning("provider_unavailable",
                              {{"request_id", request.request_id}, {"provider", provider.name}, {"what", what}});
  }
  auto response = refuse(503, "Not available right now",
                         display_text(provider.label) + " cannot be reached. Try again in a few seconds.", request,
                         context.oauth, ways);
  response.headers.set("Retry-After", "5");
  return response;
}

}  // namespace postern::web
